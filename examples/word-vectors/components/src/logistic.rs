//! The logistic function, from operations that are rounded the same way on every machine: the vectors must not depend on its libm.

/// 1 / (1 + e^-x), for x beyond ±30 as if it were that.
#[must_use]
#[inline]
pub fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exponential(-x.clamp(-30.0, 30.0)))
}

/// e^x for x between -30 and 30: a power of two by the exponent's bits, times a series for the rest.
#[inline]
fn exponential(x: f32) -> f32 {
    let halvings = x * std::f32::consts::LOG2_E;
    // Rounded down, without a call: all values are small.
    let whole = (halvings + 64.0) as i32 - 64;
    let rest = (halvings - whole as f32) * std::f32::consts::LN_2;
    let series = 1.0 / 5040.0;
    let series = series * rest + 1.0 / 720.0;
    let series = series * rest + 1.0 / 120.0;
    let series = series * rest + 1.0 / 24.0;
    let series = series * rest + 1.0 / 6.0;
    let series = series * rest + 0.5;
    let series = (series * rest + 1.0) * rest + 1.0;
    f32::from_bits(((whole + 127) as u32) << 23) * series
}

#[cfg(test)]
mod tests {
    use super::logistic;

    #[test]
    fn near_the_exact_value() {
        for step in -3000..=3000 {
            let x = step as f32 / 100.0;
            let exact = 1.0 / (1.0 + f64::from(-x).exp());
            let error = (f64::from(logistic(x)) - exact).abs() / exact;
            assert!(error < 4e-6, "{x}: {} for {exact}", logistic(x));
        }
        assert_eq!(logistic(0.0), 0.5);
        assert_eq!(logistic(1e30), 1.0);
        assert!(logistic(-1e30) > 0.0);
    }
}
