//! Which handle a vendor's name gets.

use crate::error::Result;
use crate::limits::HANDLE_CHARS;
use crate::pool::settings::check_handle;

use super::PoolName;

/// Names and their handles, each once.
#[derive(Debug, Default)]
pub(super) struct Handles {
    given: Vec<(String, String)>,
    used: Vec<PoolName>,
}

impl Handles {
    pub(super) fn new(given: &[(String, String)]) -> Result<Handles> {
        for (_, handle) in given {
            check_handle(handle)?;
        }
        Ok(Handles { given: given.to_vec(), used: Vec::new() })
    }

    /// Whether the caller said what this name is.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.given.iter().any(|(known, _)| known == name)
    }

    /// The handle of a name.
    pub(super) fn of(&mut self, name: &str) -> String {
        if let Some(known) = self.used.iter().find(|known| known.name == name) {
            return known.handle.clone();
        }
        let given = self.given.iter().find(|(known, _)| known == name).map(|(_, handle)| handle.clone());
        // Two names that the caller gives one handle are one pool; two that the rule would make one stay two.
        let handle = given.unwrap_or_else(|| {
            let plain = by_rule(name);
            let taken = |handle: &str| {
                self.used.iter().any(|used| used.handle == handle)
                    || self.given.iter().any(|(_, given)| given == handle)
            };
            let mut handle = plain.clone();
            for number in 2.. {
                if !taken(&handle) {
                    break;
                }
                let suffix = format!("-{number}");
                handle = format!("{}{suffix}", &plain[..plain.len().min(HANDLE_CHARS - suffix.len())]);
            }
            handle
        });
        self.used.push(PoolName { name: name.to_owned(), handle: handle.clone() });
        handle
    }

    pub(super) fn used(self) -> Vec<PoolName> {
        self.used
    }
}

fn by_rule(name: &str) -> String {
    let mut handle = String::new();
    for character in name.chars() {
        let lower = character.to_ascii_lowercase();
        if lower.is_ascii_lowercase() || lower.is_ascii_digit() || matches!(lower, '-' | '_') {
            handle.push(lower);
        } else if !handle.ends_with('-') {
            handle.push('-');
        }
    }
    handle.truncate(HANDLE_CHARS);
    match handle.trim_matches('-') {
        "" => "pool".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_handles_by_one_rule() {
        for (name, handle) in [
            ("spring25", "spring25"),
            ("Spring_Sale", "spring_sale"),
            ("10% off -- März!", "10-off---m-rz"),
            ("優惠", "pool"),
            ("-a-", "a"),
        ] {
            assert_eq!(by_rule(name), handle, "{name}");
            assert!(check_handle(handle).is_ok());
        }
        assert_eq!(by_rule(&"x".repeat(100)).len(), HANDLE_CHARS);
    }

    #[test]
    fn two_names_are_two_pools_unless_the_caller_says_otherwise() {
        let given = [("Summer".to_owned(), "sale".to_owned()), ("Sommer".to_owned(), "sale".to_owned())];
        let mut handles = Handles::new(&given).unwrap();
        let long = "x".repeat(64);
        let names = ["Birthday", "birthday", "Summer", "Sommer", "Sale", "Birthday", &long, &long.to_uppercase()];
        let got = names.map(|name| handles.of(name));
        let last = format!("{}-2", &long[..62]);
        assert_eq!(got, ["birthday", "birthday-2", "sale", "sale", "sale-2", "birthday", &long, &last]);
        assert_eq!(handles.used().len(), 7);
        assert!(Handles::new(&[("a".to_owned(), "No Handle".to_owned())]).is_err());
    }
}
