//! Resource quantities, exact: `500m`, `1.5Gi`, `2e3`.

/// The sentence of the API server for a text that is no quantity.
pub(super) const MALFORMED: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// The amount in billionths, so that all decimal suffixes are whole; `None` for what is no
/// quantity or is beyond 128 bits.
pub(super) fn parse(text: &str) -> Option<i128> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (digits, suffix) = rest.split_at(end);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let (two, ten) = scale(suffix)?;
    // value = digits x 2^two x 10^(ten + 9 - fraction length), rounded up.
    let mantissa: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let exponent = ten
        .checked_add(9)?
        .checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let scaled = mantissa.checked_mul(2_i128.checked_pow(two)?)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    let value = if exponent >= 0 {
        scaled.checked_mul(power)?
    } else {
        scaled
            .checked_add(power.checked_sub(1)?)?
            .checked_div(power)?
    };
    Some(if negative {
        value.checked_neg()?
    } else {
        value
    })
}

/// Powers of two and of ten that a suffix stands for.
fn scale(suffix: &str) -> Option<(u32, i32)> {
    Some(match suffix {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            (0, exponent.parse().ok().filter(|e: &i32| e.abs() <= 18)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_scale_exactly() {
        let one = 1_000_000_000;
        let table = [
            ("1", Some(one)),
            ("500m", Some(one / 2)),
            ("0.5", Some(one / 2)),
            (".5", Some(one / 2)),
            ("1.5Gi", Some(3 * 512 * 1024 * 1024 * one)),
            ("2e3", Some(2000 * one)),
            ("1k", Some(1000 * one)),
            ("-1", Some(-one)),
            ("1E", Some(1_000_000_000_000_000_000 * one)),
            ("", None),
            ("1Q", None),
            ("abc", None),
            ("1.2.3", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
