//! Choices from bytes.

/// Bytes that are used up by choices.
///
/// When none are left every choice is the first one, so the bytes may be cut anywhere, and fewer
/// or smaller bytes make a plainer input.
#[derive(Debug, Clone)]
pub struct Draw<'a> {
    rest: &'a [u8],
}

impl<'a> Draw<'a> {
    /// All choices of these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all further choices are the first one.
    #[must_use]
    pub const fn is_used_up(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte; 0 when there is none.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        *first
    }

    /// A number below `bound`, which is at least 1 and at most 65536.
    pub fn below(&mut self, bound: usize) -> usize {
        let low = usize::from(self.byte());
        let high = if bound > 256 {
            usize::from(self.byte()) << 8
        } else {
            0
        };
        (high + low) % bound
    }

    /// True once in `times`; false when no bytes are left.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of these; the first is the plainest.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// A short text of any characters.
    pub fn text(&mut self) -> String {
        let length = self.below(12);
        let bytes: Vec<u8> = (0..length).map(|_| self.byte()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything that is left, as text.
    pub fn rest_as_text(&mut self) -> String {
        String::from_utf8_lossy(std::mem::take(&mut self.rest)).into_owned()
    }
}
