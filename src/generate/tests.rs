//! Codes that were generated: unbiased, unique, of their pattern, and the same again from the same seed.

use std::collections::BTreeSet;

use super::pattern::{Alphabet, Pattern};
use super::*;
use crate::error::{Code, Detail};
use crate::limits::GUESS_FLOOR_BITS;

fn pattern(length: usize, alphabet: Alphabet) -> Pattern {
    Pattern {
        prefix: String::new(),
        suffix: String::new(),
        length,
        alphabet,
        delimiter: "-".to_owned(),
        every: 0,
        check: false,
        words: false,
    }
}

fn codes(pattern: &Pattern, seed: u8, count: usize) -> Vec<String> {
    let mut generator = Generator::new(pattern, [seed; 32], false).unwrap();
    let block = generator.block(count, None).unwrap();
    block.codes.iter().map(str::to_owned).collect()
}

#[test]
fn a_pattern_is_prefix_groups_check_character_and_suffix() {
    let grouped = Pattern {
        prefix: "SPR-".to_owned(),
        suffix: ".X".to_owned(),
        every: 4,
        check: true,
        ..pattern(11, Alphabet::Num)
    };
    for code in codes(&grouped, 1, 500) {
        let body = code.strip_prefix("SPR-").and_then(|rest| rest.strip_suffix(".X")).unwrap();
        let groups: Vec<&str> = body.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4], "{code}");
        let digits = groups.concat();
        let check = Check::of(b"0123456789").character(&digits.as_bytes()[..11]);
        assert_eq!(digits.as_bytes()[11], b'0' + check as u8, "{code}");
    }
}

#[test]
fn the_same_seed_gives_the_same_codes_for_ever() {
    let unambiguous = Pattern { words: true, ..pattern(10, Alphabet::Unambiguous) };
    assert_eq!(codes(&unambiguous, 7, 3), PINNED);
    let mut generator = Generator::new(&unambiguous, [7; 32], false).unwrap();
    let mut pieces: Vec<String> = Vec::new();
    for count in [1, 0, 700, 299] {
        pieces.extend(generator.block(count, None).unwrap().codes.iter().map(str::to_owned));
    }
    assert_eq!(pieces, codes(&unambiguous, 7, 1_000), "however they are cut into blocks");
    assert_ne!(codes(&unambiguous, 8, 3), PINNED);
}

const PINNED: [&str; 3] = ["PHJUYEKTUX", "CWLWVXDVAP", "7Q64HQ7GAT"];

#[test]
fn no_two_codes_are_the_same_even_where_chance_repeats_itself() {
    // A quarter of all codes: chance alone would repeat every eighth.
    let small = pattern(3, Alphabet::Alpha);
    let count = 26 * 26 * 26 / 4;
    let all = codes(&small, 3, count);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), count);
    let mut generator = Generator::new(&small, [3; 32], false).unwrap();
    assert_eq!(generator.block(count + 1, None).unwrap_err().code(), Code::PatternTooSmall);
}

#[test]
fn codes_that_are_known_are_not_made_again() {
    let small = Pattern { prefix: "spring".to_owned(), ..pattern(3, Alphabet::Alpha) };
    let first = Generator::new(&small, [3; 32], false).unwrap().block(1_000, Some(5)).unwrap();
    assert_eq!(first.runs, [Run { expires_at: Some(5), count: 1_000 }]);
    assert!(first.key(0).starts_with("SPRING") && first.codes.get(0).starts_with("spring"));
    let mut other = Generator::new(&small, [4; 32], false).unwrap();
    other.avoid(&first.fingerprints);
    let second = other.block(1_000, None).unwrap();
    let known: BTreeSet<&str> = first.codes.iter().collect();
    assert!(second.codes.iter().all(|code| !known.contains(code)));
    let free = Generator::new(&small, [4; 32], false).unwrap().block(1_000, None).unwrap();
    assert!(free.codes.iter().any(|code| known.contains(code)), "without being told it makes some again");
}

#[test]
fn every_character_is_as_likely_as_any_other_at_every_place() {
    for alphabet in [
        Alphabet::Unambiguous,
        Alphabet::Num,
        Alphabet::Alphanum,
        Alphabet::Custom("ABCDEFGHJKLMNPQRSTUVWXY346792".to_owned()),
        Alphabet::Custom("AB7".to_owned()),
    ] {
        let characters = alphabet.characters().to_owned();
        let (length, count) = (23, 26_000);
        let mut seen = vec![[0_u32; 128]; length];
        for code in codes(&pattern(length, alphabet), 5, count) {
            for (place, byte) in code.bytes().enumerate() {
                seen[place][usize::from(byte)] += 1;
            }
        }
        let wanted = count as f64 / characters.len() as f64;
        for place in seen {
            let off = |byte: u8| (f64::from(place[usize::from(byte)]) - wanted).powi(2) / wanted;
            let chi: f64 = characters.bytes().map(off).sum();
            let freedom = (characters.len() - 1) as f64;
            // Five standard deviations over what chance gives on average.
            assert!(chi < freedom + 5.0 * (2.0 * freedom).sqrt(), "{characters}: {chi} of {freedom}");
        }
    }
}

#[test]
fn every_group_of_characters_comes_of_the_same_count_of_numbers() {
    for (size, length) in [(26_u64, 5), (29, 5), (36, 5), (10, 8), (3, 15)] {
        let groups = size.pow(length) as u32;
        let share = (1_u64 << 32) / u64::from(groups);
        for group in (0..u64::from(groups)).step_by((groups as usize / 50).max(1)) {
            // The numbers that are spread to this group follow each other.
            let first = |group: u64| (group << 32).div_ceil(u64::from(groups));
            let mut places = vec![0; length as usize];
            let fit = (first(group)..first(group + 1)).filter(|number| {
                let fits = spread(*number as u32, size, groups, &mut places);
                let whole = places.iter().fold(0, |whole, place| whole * size + u64::from(*place));
                assert_eq!(whole, group);
                fits
            });
            assert_eq!(fit.count() as u64, share, "{size}^{length}, group {group}");
        }
    }
}

#[test]
fn offensive_words_are_left_out_unless_that_is_switched_off() {
    let plain = Pattern { words: false, ..pattern(12, Alphabet::Alpha) };
    let clean = Pattern { words: true, ..plain.clone() };
    let offends = |codes: Vec<String>| codes.iter().filter(|code| code.contains("SEX") || code.contains("CUM")).count();
    assert!(offends(codes(&plain, 1, 50_000)) > 20);
    assert_eq!(offends(codes(&clean, 1, 50_000)), 0);
}

#[test]
fn what_can_be_guessed_is_refused_with_the_number_of_characters_to_add() {
    let add = |length: usize, alphabet: Alphabet, planned: u64| {
        let error = pattern(length, alphabet).check_strength(planned, GUESS_FLOOR_BITS).unwrap_err();
        assert_eq!(error.code(), Code::PatternTooSmall);
        match error.details() {
            [_, ("add", Detail::Number(add))] => *add as usize,
            other => panic!("{other:?}"),
        }
    };
    for (length, alphabet, planned) in
        [(6, Alphabet::Num, 1_000), (4, Alphabet::Unambiguous, 1_000_000), (1, Alphabet::Alphanum, 20_000_000)]
    {
        let missing = add(length, alphabet.clone(), planned);
        let long_enough = pattern(length + missing, alphabet.clone());
        assert_eq!(long_enough.check_strength(planned, GUESS_FLOOR_BITS), Ok(()));
        assert!(pattern(length + missing - 1, alphabet).check_strength(planned, GUESS_FLOOR_BITS).is_err());
    }
    let ten = pattern(10, Alphabet::Unambiguous);
    assert!((ten.guess_resistance(1_000_000) - 27.07).abs() < 0.01);
    assert_eq!((ten.short_of(1_000_000, 32.0), ten.short_of(10_000, 32.0)), (2, 0));
    // Whatever floor somebody sets, a quarter of the space is the end.
    assert!(pattern(4, Alphabet::Num).check_strength(2_500, 0.0).is_ok());
    assert!(pattern(4, Alphabet::Num).check_strength(2_501, 0.0).is_err());
}

#[test]
fn what_cannot_be_a_pattern_is_refused_with_the_option() {
    let option = |change: fn(&mut Pattern)| {
        let mut wrong = pattern(10, Alphabet::Num);
        change(&mut wrong);
        match wrong.check(false).unwrap_err().details().first() {
            Some((_, Detail::Text(option))) => option.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(option(|p| p.length = 0), "length");
    assert_eq!(option(|p| p.length = 129), "length");
    assert_eq!(option(|p| (p.length, p.every, p.delimiter) = (128, 1, "-_-".to_owned())), "length");
    assert_eq!(option(|p| p.prefix = "SPRING SALE".to_owned()), "prefix");
    assert_eq!(option(|p| p.suffix = "ß".to_owned()), "suffix");
    assert_eq!(option(|p| p.delimiter = "\n".to_owned()), "delimiter");
    assert_eq!(option(|p| p.alphabet = Alphabet::Custom("A".to_owned())), "alphabet");
    assert_eq!(option(|p| p.alphabet = Alphabet::Custom("ABa".to_owned())), "alphabet");
    assert_eq!(option(|p| p.alphabet = Alphabet::Custom("AB-".to_owned())), "alphabet");
    assert_eq!(
        Pattern { alphabet: Alphabet::Custom("ABa".to_owned()), ..pattern(9, Alphabet::Num) }.check(true),
        Ok(())
    );
}
