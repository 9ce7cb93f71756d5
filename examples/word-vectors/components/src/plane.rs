//! Vectors of many dimensions drawn on a plane: along the two directions in which they differ most (principal components).

/// The two coordinates of each vector, in their order. All must be equally long; empty vectors lie at the origin.
///
/// Each axis is turned so that its largest component is positive: without that, its sign would be a matter of chance.
#[must_use]
pub fn plane(vectors: &[&[f64]]) -> Vec<[f64; 2]> {
    let d = vectors.first().map_or(0, |vector| vector.len());
    let mut mean = vec![0.0; d];
    for vector in vectors {
        mean.iter_mut().zip(*vector).for_each(|(mean, value)| *mean += value / vectors.len() as f64);
    }
    let centred: Vec<Vec<f64>> =
        vectors.iter().map(|vector| vector.iter().zip(&mean).map(|(value, mean)| value - mean).collect()).collect();
    let mut covariance = vec![vec![0.0; d]; d];
    for vector in &centred {
        for (i, row) in covariance.iter_mut().enumerate() {
            for (j, sum) in row.iter_mut().enumerate() {
                *sum += vector[i] * vector[j];
            }
        }
    }
    let axes = axes(covariance);
    let along = |vector: &[f64], axis: &[f64]| vector.iter().zip(axis).map(|(value, part)| value * part).sum();
    let place = |vector: &Vec<f64>| [0, 1].map(|at| axes.get(at).map_or(0.0, |axis| along(vector, axis)));
    centred.iter().map(place).collect()
}

/// The eigenvectors of a symmetric matrix, that of the largest eigenvalue first: Jacobi's method, which turns one pair of axes after
/// the other until the matrix is diagonal.
fn axes(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let d = matrix.len();
    let mut axes: Vec<Vec<f64>> = (0..d).map(|i| (0..d).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let scale: f64 = matrix.iter().flatten().map(|value| value * value).sum();
    // It converges quadratically: a dozen sweeps are plenty, the limit is for numbers that are none.
    for _ in 0..50 {
        let off: f64 = (0..d).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| matrix[i][j] * matrix[i][j]).sum();
        if off <= scale * 1e-24 {
            break;
        }
        for i in 0..d {
            for j in i + 1..d {
                turn(&mut matrix, &mut axes, i, j);
            }
        }
    }
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|a, b| matrix[*b][*b].total_cmp(&matrix[*a][*a]).then(a.cmp(b)));
    order.into_iter().map(|at| upright(std::mem::take(&mut axes[at]))).collect()
}

/// Turns two axes so that the matrix has no entry for the pair any more.
fn turn(matrix: &mut [Vec<f64>], axes: &mut [Vec<f64>], i: usize, j: usize) {
    if matrix[i][j] == 0.0 {
        return;
    }
    let slope = (matrix[j][j] - matrix[i][i]) / (2.0 * matrix[i][j]);
    let tangent = slope.signum() / (slope.abs() + (slope * slope + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    let rotate = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
    for row in matrix.iter_mut() {
        (row[i], row[j]) = rotate(row[i], row[j]);
    }
    for k in 0..matrix.len() {
        (matrix[i][k], matrix[j][k]) = rotate(matrix[i][k], matrix[j][k]);
        (axes[i][k], axes[j][k]) = rotate(axes[i][k], axes[j][k]);
    }
}

fn upright(mut axis: Vec<f64>) -> Vec<f64> {
    let largest =
        axis.iter().copied().fold(0.0, |largest: f64, part| if part.abs() > largest.abs() { part } else { largest });
    if largest < 0.0 {
        axis.iter_mut().for_each(|part| *part = -*part);
    }
    axis
}

#[cfg(test)]
mod tests {
    use super::{axes, plane};

    #[test]
    fn along_the_widest_directions() {
        // Spread ±10 along (0.6, 0.8, 0), ±3 along (0, 0, 1), ±1 along (-0.8, 0.6, 0); the middle at (5, 5, 5).
        let mut vectors = Vec::new();
        for (a, b, c) in
            [(10.0, 0.0, 0.0), (-10.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, -3.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)]
        {
            vectors.push(vec![5.0 + 0.6 * a - 0.8 * c, 5.0 + 0.8 * a + 0.6 * c, 5.0 + b]);
        }
        let places = plane(&vectors.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let expected = [[10.0, 0.0], [-10.0, 0.0], [0.0, 3.0], [0.0, -3.0], [0.0, 0.0], [0.0, 0.0]];
        for (place, expected) in places.iter().zip(expected) {
            assert!((place[0] - expected[0]).abs() + (place[1] - expected[1]).abs() < 1e-9, "{places:?}");
        }
    }

    #[test]
    fn eigenvectors_of_a_matrix() {
        let matrix: Vec<Vec<f64>> = (0..12)
            .map(|i: i32| {
                (0..12)
                    .map(|j: i32| {
                        f64::from((i * j) % 7 + (i - j).abs() % 3) + f64::from(u8::from(i == j)) * f64::from(i)
                    })
                    .collect()
            })
            .collect();
        let found = axes(matrix.clone());
        let mut last = f64::INFINITY;
        for axis in &found {
            let image: Vec<f64> = matrix.iter().map(|row| row.iter().zip(axis).map(|(a, b)| a * b).sum()).collect();
            let value: f64 = image.iter().zip(axis).map(|(a, b)| a * b).sum();
            assert!(image.iter().zip(axis).all(|(image, part)| (image - value * part).abs() < 1e-9));
            assert!(value <= last);
            last = value;
        }
    }

    #[test]
    fn little_to_draw() {
        assert_eq!(plane(&[]), Vec::<[f64; 2]>::new());
        assert_eq!(plane(&[&[], &[]]), [[0.0; 2]; 2]);
        assert_eq!(plane(&[&[7.0], &[7.0]]), [[0.0; 2]; 2]);
        assert_eq!(plane(&[&[f64::NAN, 1.0], &[1.0, 1.0]]).len(), 2);
    }
}
