//! `status.currentStepHash`: tells whether the canary steps changed since they were last seen.
//!
//! Bit for bit the peer's: a Rollout taken over in the middle of its steps stays there, because
//! the stored hash and ours agree. Source: `compat/api.md` §9, with its vectors as tests.

use crate::go_json::list;
use crate::rollout::CanaryStep;

mod json;

pub(crate) use json::{
    argument, header_route, int_or_string, label_selector, mirror_route, string_match,
};

/// Name of a list of canary steps; equal lists have equal names.
///
/// FNV-1a (32 bits) over the steps in Go's JSON, in [`safe_encode`]'s letters. No steps and an
/// empty list have the same name.
#[must_use]
pub fn step_hash(steps: &[CanaryStep]) -> String {
    let text = if steps.is_empty() {
        "null".to_owned()
    } else {
        list(steps, json::step)
    };
    safe_encode(fnv_1a(text.as_bytes()))
}

/// Writes the decimal digits of a number with letters that form no words.
#[must_use]
pub fn safe_encode(number: u32) -> String {
    // Each ASCII digit (48 to 57) is an index modulo 27 into the peer's alphabet, which begins
    // at 48 % 27 = 21 for `0`: 4 5 6 7 8 9, then b c d f.
    number
        .to_string()
        .bytes()
        .map(|digit| match digit {
            b'0' => '4',
            b'1' => '5',
            b'2' => '6',
            b'3' => '7',
            b'4' => '8',
            b'5' => '9',
            b'6' => 'b',
            b'7' => 'c',
            b'8' => 'd',
            _ => 'f',
        })
        .collect()
}

fn fnv_1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_hashes_are_those_of_the_peer() {
        for (steps, hash) in [
            (r#"[]"#, "5ffbfbbd64"),
            (r#"[{"pause":{}}]"#, "6b9b86fbd5"),
            (r#"[{"pause":{}},{"pause":{}}]"#, "79c9b9f6bf"),
            (r#"[{"setWeight":20},{"pause":{}}]"#, "54649b9f5c"),
            (
                r#"[{"setWeight":20},{"pause":{"duration":10}},{"setWeight":40},{"pause":{"duration":"10s"}}]"#,
                "5fcb946b9d",
            ),
            (
                r#"[{"analysis":{"templates":[{"templateName":"t"}]}}]"#,
                "55865f6c55",
            ),
            (
                r#"[{"experiment":{"templates":[{"name":"a","specRef":"canary","metadata":{}}],"duration":"5m","analysisRunMetadata":{}}}]"#,
                "b7b78b76b",
            ),
            (
                r#"[{"setCanaryScale":{"weight":25}},{"setCanaryScale":{"matchTrafficWeight":true}}]"#,
                "6499cb5d58",
            ),
            (
                r#"[{"setHeaderRoute":{"name":"r","match":[{"headerName":"X-A","headerValue":{"exact":"b\u003cc"}}]}}]"#,
                "5cfb457868",
            ),
            (
                r#"[{"setMirrorRoute":{"name":"r","match":[{"method":{"exact":"GET"},"path":{"prefix":"/"}}],"percentage":35}}]"#,
                "56c95fc5dc",
            ),
            (
                r#"[{"plugin":{"name":"p","config":{"b":1,"a":"x"}}}]"#,
                "db8dc8889",
            ),
        ] {
            let parsed: Vec<CanaryStep> = serde_json::from_str(steps).unwrap();
            assert_eq!(step_hash(&parsed), hash, "{steps}");
        }
    }

    #[test]
    fn every_decimal_digit_has_the_letter_of_the_peers_alphabet() {
        let alphabet = b"bcdfghjklmnpqrstvwxz2456789";
        let wanted: String = "1234567890"
            .bytes()
            .map(|digit| char::from(alphabet[usize::from(digit) % 27]))
            .collect();
        assert_eq!(safe_encode(1_234_567_890), wanted);
        assert_eq!(safe_encode(0), "4");
    }
}
