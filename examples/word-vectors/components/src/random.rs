//! Random numbers that depend on nothing but their seed: SplitMix64. A training run that was killed draws again what it drew before.

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream that belongs to some numbers, such as seed, epoch and block. Other numbers give an unrelated stream.
    #[must_use]
    pub fn of(parts: &[u64]) -> Self {
        let mut stream = Self(0);
        for part in parts {
            stream.0 ^= part.wrapping_mul(0xff51_afd7_ed55_8ccd);
            stream.0 = stream.draw();
        }
        stream
    }

    /// 64 random bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number from 0 up to, but not including, `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.draw()) * end as u128) >> 64) as usize
    }

    /// A whole number below `end`, which fits in 32 bits, and a number from 0 up to, but not including, 1: for the price of one draw.
    #[inline]
    pub fn both(&mut self, end: usize) -> (usize, f32) {
        let bits = self.draw();
        ((((bits >> 32) * end as u64) >> 32) as usize, (bits as u32 >> 8) as f32 / (1u32 << 24) as f32)
    }

    /// A number from 0 up to, but not including, 1.
    pub fn unit(&mut self) -> f32 {
        (self.draw() >> 40) as f32 / (1u32 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn same_parts_same_stream() {
        let draw = |parts: &[u64]| {
            let mut random = Random::of(parts);
            [random.draw(), random.draw(), random.draw()]
        };
        assert_eq!(draw(&[42, 1, 2]), draw(&[42, 1, 2]));
        for other in [&[42, 2, 1][..], &[42, 1], &[42, 1, 3], &[0, 1, 2], &[]] {
            assert_ne!(draw(&[42, 1, 2]), draw(other));
        }
    }

    #[test]
    fn spread_evenly() {
        let mut random = Random::of(&[7]);
        let mut bins = [0; 10];
        for _ in 0..10_000 {
            bins[random.below(10)] += 1;
            bins[(random.unit() * 10.0) as usize] += 1;
            let (below, unit) = random.both(10);
            bins[below] += 1;
            bins[(unit * 10.0) as usize] += 1;
        }
        assert!(bins.iter().all(|bin| (3700..4300).contains(bin)), "{bins:?}");
        assert_eq!(random.below(0), 0);
    }
}
