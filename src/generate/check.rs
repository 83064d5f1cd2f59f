//! Check characters: one more character by which a mistyped code is known without asking the shop.
//!
//! ISO/IEC 7064, in the alphabet's own characters. Alphabets of even size use the hybrid system MOD n+1,n (the standard
//! names MOD 11,10, MOD 27,26 and MOD 37,36), which finds every single wrong character and nearly every swap of
//! neighbours. Doubling loses a bit modulo an even number, so alphabets of odd size use the pure system MOD n with
//! radix 2 (as MOD 11-2 and MOD 37-2), which finds every single wrong character and every swap of neighbours.

/// Makes and checks the check characters of one alphabet.
#[derive(Debug)]
pub(super) struct Check {
    size: u32,
    /// For each byte its place in the alphabet.
    values: [u8; 128],
}

impl Check {
    pub(super) fn of(alphabet: &[u8]) -> Self {
        let mut values = [0; 128];
        for (value, character) in alphabet.iter().enumerate() {
            values[usize::from(*character & 127)] = value as u8;
        }
        Check { size: alphabet.len() as u32, values }
    }

    /// The place in the alphabet of the check character of `body`.
    pub(super) fn character(&self, body: &[u8]) -> usize {
        let size = self.size;
        // With the check character the sum is 1 modulo n.
        if size.is_multiple_of(2) {
            let product = body.iter().fold(size, |product, character| {
                let sum = product + self.value(*character);
                below(2 * if sum > size { sum - size } else { sum }, size + 1)
            });
            below(size + 1 - product, size) as usize
        } else {
            let sum = body.iter().fold(0, |sum, character| below(2 * below(sum + self.value(*character), size), size));
            below(size + 1 - sum, size) as usize
        }
    }

    fn value(&self, character: u8) -> u32 {
        u32::from(self.values[usize::from(character & 127)])
    }
}

/// A number below twice the modulus, brought below it: cheaper than a division.
fn below(number: u32, modulus: u32) -> u32 {
    if number >= modulus { number - modulus } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_check(alphabet: &[u8], body: &[u8]) -> Vec<u8> {
        let mut whole = body.to_vec();
        whole.push(alphabet[Check::of(alphabet).character(body)]);
        whole
    }

    #[test]
    fn the_standard_s_own_systems_come_out() {
        // MOD 11,10, as in the German tax number's worked example of the Bundeszentralamt für Steuern: 8609574271 9.
        assert_eq!(with_check(b"0123456789", b"8609574271"), b"86095742719");
        // MOD 37,36, as in the Global Release Identifier's worked example of the IFPI: A12425GABC1234002 M.
        assert_eq!(with_check(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"A12425GABC1234002"), b"A12425GABC1234002M");
    }

    #[test]
    fn every_single_wrong_character_is_found_and_most_swaps() {
        for alphabet in
            [&b"0123456789"[..], b"ACDEFGHJKLMNPQRTUVWXY34679", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"ABCDEFGHJ"]
        {
            let check = Check::of(alphabet);
            let right = |code: &[u8]| alphabet[check.character(&code[..code.len() - 1])] == code[code.len() - 1];
            let (mut swaps, mut missed) = (0, 0);
            for start in 0..alphabet.len() {
                let body: Vec<u8> = (0..9).map(|at| alphabet[(start * 7 + at * at * 5) % alphabet.len()]).collect();
                let code = with_check(alphabet, &body);
                assert!(right(&code));
                for at in 0..code.len() {
                    for other in alphabet.iter().filter(|other| **other != code[at]) {
                        let mut wrong = code.clone();
                        wrong[at] = *other;
                        assert!(!right(&wrong), "{}", String::from_utf8_lossy(&wrong));
                    }
                }
                for at in (1..code.len()).filter(|at| code[*at] != code[at - 1]) {
                    let mut wrong = code.clone();
                    wrong.swap(at - 1, at);
                    swaps += 1;
                    missed += u32::from(right(&wrong));
                }
            }
            let most = if alphabet.len() % 2 == 1 { 0 } else { swaps / 20 };
            assert!(missed <= most, "{missed} of {swaps} swaps are missed");
        }
    }
}
