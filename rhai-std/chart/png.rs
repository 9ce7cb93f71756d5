//! A picture as PNG: drawn by `plotters` in finer pixels than it has, which are then averaged, so that edges are smooth.

use super::canvas::{Anchor, Canvas, Mark, Text};
use super::font::Font;
use super::svg::draw;
use plotters::backend::BitMapBackend;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

/// A picture is drawn this many times as wide and high …
const FINENESS: usize = 3;
/// … as long as that takes no more than so many pixels.
const MOST: usize = 24_000_000;

/// The file's bytes.
///
/// # Errors
/// `plotters` or the encoder refused something.
pub fn render(canvas: &Canvas) -> Result<Vec<u8>, String> {
    let (width, height) = (canvas.width as usize, canvas.height as usize);
    let fine = (1..=FINENESS).rev().find(|fine| width * height * fine * fine <= MOST).unwrap_or(1);
    let size = (u32::try_from(width * fine).unwrap_or(1), u32::try_from(height * fine).unwrap_or(1));
    let mut pixels = vec![255; width * fine * height * fine * 3];
    let mut backend = Pixels { inner: BitMapBackend::with_buffer(&mut pixels, size) };
    draw(&mut backend, canvas, fine as f64)?;
    drop(backend);
    let mut pixels = averaged(&pixels, width, height, fine);
    // Letters are smooth by themselves, and best at the size that they will have.
    let font = Font::load()?;
    for mark in &canvas.marks {
        if let Mark::Text(text) = mark {
            write(&mut pixels, width, height, &font, text);
        }
    }
    encoded(&pixels, width, height).map_err(|error| error.to_string())
}

fn averaged(pixels: &[u8], width: usize, height: usize, fine: usize) -> Vec<u8> {
    if fine == 1 {
        return pixels.to_vec();
    }
    let mut columns = vec![0_u16; width * fine * 3];
    let mut out = Vec::with_capacity(width * height * 3);
    let count = u16::try_from(fine * fine).unwrap_or(1);
    for rows in pixels.chunks_exact(width * fine * 3 * fine) {
        columns.fill(0);
        for row in rows.chunks_exact(width * fine * 3) {
            for (sum, part) in columns.iter_mut().zip(row) {
                *sum += u16::from(*part);
            }
        }
        for block in columns.chunks_exact(fine * 3) {
            for part in 0..3 {
                let sum: u16 = block.iter().skip(part).step_by(3).sum();
                out.push(u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX));
            }
        }
    }
    out
}

fn write(pixels: &mut [u8], width: usize, height: usize, font: &Font, text: &Text) {
    let length = font.width(&text.text, text.size);
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -length / 2.0,
        Anchor::End => -length,
    };
    // SVG centres small letters, which are a bit more than half an em high.
    let drop = text.size * 0.27;
    let (x, y) =
        if text.upwards { (text.at.0 + drop, text.at.1 - start) } else { (text.at.0 + start, text.at.1 + drop) };
    let (x, y) = (x.round() as i32, y.round() as i32);
    let (red, green, blue) = text.colour;
    font.draw(&text.text, text.size, |along, down, cover| {
        let (x, y) = if text.upwards { (x + down, y - along) } else { (x + along, y + down) };
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= width || y >= height {
            return;
        }
        let at = (y * width + x) * 3;
        for (part, ink) in pixels[at..at + 3].iter_mut().zip([red, green, blue]) {
            *part = (f32::from(*part) + (f32::from(ink) - f32::from(*part)) * cover).round() as u8;
        }
    });
}

fn encoded(pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let size = (u32::try_from(width).unwrap_or(1), u32::try_from(height).unwrap_or(1));
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// The bitmap of `plotters`, except for two things: texts come later, and a thick path is drawn piece by piece with round joints, because
/// `plotters` would fill the outline of the whole path, which goes wrong where the path meets itself.
struct Pixels<'a> {
    inner: BitMapBackend<'a>,
}

impl<'a> DrawingBackend for Pixels<'a> {
    type ErrorType = <BitMapBackend<'a> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.inner.get_size()
    }
    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.inner.ensure_prepared()
    }
    fn present(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.inner.present()
    }
    fn draw_pixel(&mut self, at: BackendCoord, colour: BackendColor) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.inner.draw_pixel(at, colour)
    }
    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.inner.draw_rect(from, to, style, fill)
    }
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        let mut before = None;
        for point in path {
            if let Some(before) = before {
                self.inner.draw_line(before, point, style)?;
                if style.stroke_width() > 3 {
                    self.inner.draw_circle(point, style.stroke_width() / 2, style, true)?;
                }
            }
            before = Some(point);
        }
        Ok(())
    }
    fn draw_text<S: BackendTextStyle>(
        &mut self,
        _: &str,
        _: &S,
        _: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        Ok(())
    }
}
