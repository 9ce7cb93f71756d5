//! What is drawn, before it is known how.

/// Boxes, what they stand in, and arrows between them.
#[derive(Debug, Default)]
pub(crate) struct Drawing {
    /// In order; the boxes around a box stand before it.
    pub frames: Vec<Frame>,
    pub boxes: Vec<Node>,
    pub arrows: Vec<Arrow>,
}

/// A frame around boxes and frames.
#[derive(Debug)]
pub(crate) struct Frame {
    pub title: String,
    pub parent: Option<usize>,
    pub look: FrameLook,
    /// Its number among frames and boxes, in the order of the manifest.
    serial: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameLook {
    /// A pipeline, a stage, or all of the wiring.
    Plain,
    /// What is inside happens several times.
    Loop,
    /// What is inside happens or does not.
    Choice,
}

/// A box.
#[derive(Debug)]
pub(crate) struct Node {
    /// The first line names it.
    pub lines: Vec<String>,
    pub parent: Option<usize>,
    pub look: Look,
    serial: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Step,
    /// A `wait`.
    Wait,
    /// Where a pipeline ends or fails.
    End,
    /// A binding.
    Component,
    Database,
}

/// An arrow between two boxes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrow {
    pub from: usize,
    pub to: usize,
    pub label: String,
    pub look: ArrowLook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArrowLook {
    /// What comes next.
    Next,
    /// A result that is read.
    Result,
    /// A component or database that a task uses.
    Uses,
    /// What a component's dependency takes.
    Takes,
}

/// A frame or a box, with its place in the list of those.
pub(crate) enum Item<'d> {
    Frame(usize, &'d Frame),
    Node(usize, &'d Node),
}

impl Drawing {
    fn serial(&self) -> usize {
        self.frames.len() + self.boxes.len()
    }

    pub fn frame(&mut self, title: impl Into<String>, parent: Option<usize>, look: FrameLook) -> usize {
        let serial = self.serial();
        self.frames.push(Frame { title: title.into(), parent, look, serial });
        self.frames.len() - 1
    }

    pub fn node(&mut self, lines: Vec<String>, parent: Option<usize>, look: Look) -> usize {
        let serial = self.serial();
        self.boxes.push(Node { lines, parent, look, serial });
        self.boxes.len() - 1
    }

    /// Draws an arrow, once. A result that the very next box reads is written on the arrow that leads there anyway.
    pub fn arrow(&mut self, from: usize, to: usize, label: impl Into<String>, look: ArrowLook) {
        let arrow = Arrow { from, to, label: label.into(), look };
        let mut same = self.arrows.iter_mut().filter(|known| (known.from, known.to) == (from, to));
        if from == to || same.by_ref().any(|known| known.label == arrow.label && known.look == look) {
            return;
        }
        let next =
            self.arrows.iter_mut().find(|known| (known.from, known.to, known.look) == (from, to, ArrowLook::Next));
        match next {
            Some(next) if look == ArrowLook::Result && next.label.is_empty() => next.label = arrow.label,
            Some(next) if look == ArrowLook::Result && next.label == arrow.label => {}
            _ => self.arrows.push(arrow),
        }
    }

    /// What stands directly in a frame, or outermost, in order.
    pub fn inside(&self, parent: Option<usize>) -> Vec<Item<'_>> {
        let frames = self.frames.iter().enumerate().filter(|(_, frame)| frame.parent == parent);
        let boxes = self.boxes.iter().enumerate().filter(|(_, node)| node.parent == parent);
        let mut all: Vec<(usize, Item<'_>)> =
            frames.map(|(at, frame)| (frame.serial, Item::Frame(at, frame))).collect();
        all.extend(boxes.map(|(at, node)| (node.serial, Item::Node(at, node))));
        all.sort_by_key(|(serial, _)| *serial);
        all.into_iter().map(|(_, item)| item).collect()
    }
}
