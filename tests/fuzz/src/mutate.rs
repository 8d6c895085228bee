//! Small changes of an input: the same number gives the same change.

/// A sequence of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = bits ^ (bits >> 31);
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(bits % bound).unwrap()
    }
}

/// What a mutation puts in: digits, edges of integers, pieces of our languages.
const PIECES: [&[u8]; 20] = [
    b"0",
    b"-1",
    b"2147483647",
    b"2147483648",
    b"-9223372036854775808",
    b"1e9",
    b"%",
    b"100%",
    b"null",
    b"{}",
    b"[]",
    b"\"\"",
    b"1h",
    b".5s",
    b"\xc2\xb5s",
    b"9999-12-31T23:59:59Z",
    b"status",
    b"\x00",
    b"\xff",
    b": ",
];

/// Largest input that a mutation makes.
const LONGEST: usize = 16 * 1024;

/// A changed copy of `input`; `other` is another input whose parts may be taken.
#[must_use]
pub fn mutated(input: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = at + dice.below((bytes.len() - at).min(16) + 1);
        match dice.below(7) {
            0 => drop(bytes.drain(at..end)),
            1 => insert(&mut bytes, at, PIECES[dice.below(PIECES.len())]),
            2 => {
                let copy = bytes[at..end].to_vec();
                insert(&mut bytes, at, &copy);
            }
            3 => {
                let from = dice.below(other.len() + 1);
                let length = dice.below((other.len() - from).min(64) + 1);
                insert(&mut bytes, at, &other[from..from + length]);
            }
            4 => {
                drop(bytes.drain(at..end));
                insert(&mut bytes, at, PIECES[dice.below(PIECES.len())]);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(dice.below(256)).unwrap();
                }
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}
