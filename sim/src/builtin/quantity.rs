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

/// The form that the API server stores: the largest suffix of the same family that keeps the
/// number whole, rounded up to thousandths. `0.5` is `500m`, `1024Mi` is `1Gi`, `1.5Gi` is
/// `1536Mi`, `1000m` is `1`. `None` for what is no quantity.
pub(super) fn canonical(text: &str) -> Option<String> {
    let nanos = parse(text)?;
    let milli = nanos.checked_add(999_999)?.div_euclid(1_000_000);
    let whole = (milli.rem_euclid(1000) == 0).then(|| milli.div_euclid(1000));
    let exponent = text.contains('e') || (text.contains('E') && !text.ends_with(['E', 'i']));
    if text.ends_with('i')
        && let Some(whole) = whole.filter(|n| n.abs() >= 1024)
    {
        return Some(shorten(
            whole,
            1024,
            &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"],
        ));
    }
    Some(match (exponent, whole) {
        (_, Some(0)) => "0".to_owned(),
        (true, Some(whole)) => shorten(whole, 1000, &["", "e3", "e6", "e9", "e12", "e15", "e18"]),
        (true, None) => shorten(milli, 1000, &["e-3"]),
        (false, Some(whole)) => shorten(whole, 1000, &["", "k", "M", "G", "T", "P", "E"]),
        (false, None) => shorten(milli, 1000, &["m"]),
    })
}

/// Divides by `step` while the number stays whole, and adds the suffix for how often that was.
fn shorten(number: i128, step: i128, suffixes: &[&str]) -> String {
    let mut number = number;
    let mut suffix = "";
    for (index, next) in suffixes.iter().enumerate() {
        if index > 0 {
            if number.checked_rem(step) != Some(0) {
                break;
            }
            number = number.checked_div(step).unwrap_or(number);
        }
        suffix = next;
    }
    format!("{number}{suffix}")
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
    fn the_stored_form_has_the_largest_suffix_that_keeps_it_whole() {
        let table = [
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("16Mi", "16Mi"),
            ("512", "512"),
            ("2000", "2k"),
            ("1e3", "1e3"),
            ("2E", "2E"),
            ("0", "0"),
            ("0.0001", "1m"),
            ("100Ki", "100Ki"),
        ];
        for (text, expected) in table {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

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
