//! Samples: what previews show, in the shape of the pool's codes.

/// What previews show when a pool's codes have no usable shape.
pub const SAMPLE: &str = "SAMPLE";

/// A text in the shape of `code` that spells out what it is: letters spell SAMPLE, digits count up from 1, anything
/// else stays where it is. `turn` gives other digits and letters, for when the first try is a real code.
pub fn like(code: &str, turn: usize) -> String {
    let word: Vec<char> = SAMPLE.chars().collect();
    let (mut letters, mut digits) = (0, turn);
    code.chars()
        .map(|character| {
            if character.is_ascii_digit() {
                digits += 1;
                char::from(b'0' + (digits % 10) as u8)
            } else if character.is_alphabetic() {
                let letter = word[letters % word.len()];
                letters += 1;
                if character.is_lowercase() { letter.to_ascii_lowercase() } else { letter }
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_the_shape_of_the_codes_and_says_what_it_is() {
        assert_eq!(like("SPR-7K2Q-99", 0), "SAM-1P2L-34");
        assert_eq!(like("abcdefgh", 0), "samplesa");
        assert_eq!(like("123", 1), "234");
    }
}
