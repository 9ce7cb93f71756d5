//! The font that charts are measured and drawn with: DejaVu Sans 2.37 from the crate `dejavu`, which becomes part of the program, so that no
//! machine needs one. `DEJAVU-LICENSE` beside this file is its licence.

use ab_glyph::{Font as _, FontRef, GlyphId};

/// The font, ready to measure.
pub struct Font {
    face: FontRef<'static>,
    units: f32,
}

impl Font {
    /// Reads the font.
    ///
    /// # Errors
    /// The program was built with a broken one.
    pub fn load() -> Result<Self, String> {
        let face = FontRef::try_from_slice(dejavu::sans::regular()).map_err(|error| error.to_string())?;
        let units = face.units_per_em().ok_or("the font has no size")?;
        Ok(Self { face, units })
    }

    /// How wide a text is, in pixels, at `size` pixels per em.
    pub fn width(&self, text: &str, size: f64) -> f64 {
        self.glyphs(text).last().map_or(0.0, |(_, start, advance)| f64::from(start + advance)) * size
            / f64::from(self.units)
    }

    /// Each glyph with where it starts and how far it goes, in the font's units.
    fn glyphs(&self, text: &str) -> impl Iterator<Item = (GlyphId, f32, f32)> {
        let (mut before, mut end) = (None, 0.0);
        text.chars().map(move |character| {
            let glyph = self.face.glyph_id(character);
            let start = end + before.map_or(0.0, |before| self.face.kern_unscaled(before, glyph));
            let advance = self.face.h_advance_unscaled(glyph);
            before = Some(glyph);
            end = start + advance;
            (glyph, start, advance)
        })
    }

    /// The pixels of a text whose first letter starts at (0, 0) on the baseline: x, y and how much of the pixel is covered.
    pub fn draw(&self, text: &str, size: f64, mut pixel: impl FnMut(i32, i32, f32)) {
        // The library's scale is the height from the lowest to the highest point of any letter.
        let em = size as f32 / self.units;
        let scale = em * self.face.height_unscaled();
        for (glyph, start, _) in self.glyphs(text) {
            let placed = glyph.with_scale_and_position(scale, ab_glyph::point(start * em, 0.0));
            if let Some(outline) = self.face.outline_glyph(placed) {
                let corner = outline.px_bounds().min;
                outline
                    .draw(|x, y, cover| pixel(corner.x as i32 + x as i32, corner.y as i32 + y as i32, cover.min(1.0)));
            }
        }
    }

    /// The text, or as much of its beginning as fits into `room` pixels, with "…".
    pub fn shortened(&self, text: &str, size: f64, room: f64) -> String {
        if self.width(text, size) <= room {
            return text.to_owned();
        }
        let room = room - self.width("…", size);
        let mut kept = String::new();
        for ((at, _), (_, start, advance)) in text.char_indices().zip(self.glyphs(text)) {
            if f64::from(start + advance) * size / f64::from(self.units) > room {
                text[..at].trim_end().clone_into(&mut kept);
                break;
            }
        }
        format!("{kept}…")
    }

    /// The text in lines that fit into `room` pixels, at most `most` of them; what is left over is "…".
    pub fn wrapped(&self, text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.peek() {
            let longer = if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
            if line.is_empty() || self.width(&longer, size) <= room {
                line = longer;
                words.next();
                continue;
            }
            if lines.len() + 1 == most {
                // The last line takes the rest, and is cut.
                line = words.by_ref().fold(line, |line, word| format!("{line} {word}"));
                break;
            }
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines.iter().map(|line| self.shortened(line, size, room)).collect()
    }
}
