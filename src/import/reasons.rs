//! Why rows are refused and what people are warned of: stable names, and what to do.

use serde::Serialize;

use crate::code::Fault;
use crate::sheet::text::Mark;

macro_rules! names {
    ($(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $doc:literal])+ $variant:ident = $text:literal $(: $advice:literal)?,)+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum $name {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every one there is.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The stable name, as it crosses to JavaScript.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            names!(@advice $($($variant = $advice;)?)+);
        }
    };
    (@advice) => {};
    (@advice $($variant:ident = $advice:literal;)+) => {
        /// What to do about it, in one sentence.
        pub const fn advice(self) -> &'static str {
            match self { $(Self::$variant => $advice,)+ }
        }
    };
}

names! {
    /// Why a row was rejected.
    Reason {
        /// The row has no code, though something stands in it.
        Empty = "empty": "Enter a code or remove the row.",
        /// The code has more characters than a code can have.
        TooLong = "too-long": "Shorten the code to 255 characters.",
        /// A control character or one that cannot be seen stands in the code.
        Invisible = "invisible-character": "Type the code again without the character that is shown as \\u{…}.",
        /// A character of the code was damaged, here or by an earlier conversion.
        Damaged = "damaged-character": "Export the file again, as UTF-8.",
        /// A line break stands in the code: often a quote that is closed too late.
        LineBreak = "line-break": "Put each code into a row of its own, and look for a quote that is closed too late.",
        /// A quote is opened and never closed.
        UnclosedQuote = "unclosed-quote": "Close or remove the quote.",
        /// The code is a number that a spreadsheet rounded, such as `1.23E+15`.
        RoundedNumber = "rounded-number":
            "The digits are lost: format the column as text before the codes are put in, and export again.",
        /// The cell holds a date or a time: a spreadsheet may have made it of a code such as `MAR-05`.
        DateCell = "date-cell": "Format the column as text, enter the code again and save.",
        /// The cell holds `TRUE` or `FALSE`.
        BooleanCell = "boolean-cell": "Format the column as text, enter the code again and save.",
        /// The cell holds an error such as `#REF!`, or more than its column has room for (`####`).
        ErrorCell = "error-cell": "Correct the formula, or widen the column, and save again.",
        /// The cell holds a formula whose result is not in the file.
        NoResult = "formula-without-result":
            "Open the file in a spreadsheet program and save it there, or replace the formulas by their values.",
        /// The cell holds a number of which it cannot be known how it is shown, or that has more digits than are kept.
        UncertainNumber = "uncertain-number":
            "Format the column as text before the codes are put in, and save again.",
        /// The row has fewer columns than it takes to reach the code or its expiry.
        MissingColumn = "missing-column": "Fill the column, or look for a wrong delimiter in the row.",
        /// The expiry is no date that exists, or is written in no form that is read.
        BadDate = "bad-date": "Write the expiry as 2027-03-31.",
    }
}

names! {
    /// What a person should know about a file that was taken.
    WarningKind {
        /// White space around codes was trimmed.
        Trimmed = "trimmed",
        /// Marks that keep a spreadsheet from reading codes as formulas or numbers were removed.
        Unescaped = "unescaped",
        /// The bytes are not UTF-8 and were read as Windows-1252: look at the characters past ASCII.
        EncodingGuessed = "encoding-guessed",
        /// The first row has no name that is known but does not look like a code, so it was taken as the header.
        HeaderGuessed = "header-guessed",
        /// Rows above the header were left out: titles, dates, notes.
        AboveHeader = "above-header",
        /// There is no header and the expiry column was chosen by its dates.
        ExpiryGuessed = "expiry-guessed",
        /// A column holds dates but no name that is known, so it was not read as the expiry.
        DatesIgnored = "dates-ignored",
        /// Codes hold a comma, a semicolon, a tab or a bar: perhaps two columns that could not be told apart.
        DelimiterInCodes = "delimiter-in-codes",
        /// Codes are numbers of which some are a digit short: a spreadsheet may have dropped leading zeros.
        ZerosLost = "zeros-lost",
        /// Codes are the results of formulas, as the file holds them.
        Formulas = "formulas",
        /// Codes are numbers of more than 15 digits, which a spreadsheet program rounds when it opens the file.
        LongNumbers = "long-numbers",
        /// Codes are numbers in a file that does not say how they are shown: zeros in front may be missing.
        BareNumbers = "bare-numbers",
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Empty => Reason::Empty,
            Fault::TooLong => Reason::TooLong,
            Fault::Invisible => Reason::Invisible,
            Fault::Damaged => Reason::Damaged,
        }
    }
}

/// What becomes of a marked cell in the column of codes: it is taken with a warning, or refused for a reason.
pub(super) fn judge(mark: Mark) -> Result<Option<WarningKind>, Reason> {
    match mark {
        Mark::Text => Ok(None),
        Mark::Formula => Ok(Some(WarningKind::Formulas)),
        Mark::LongNumber => Ok(Some(WarningKind::LongNumbers)),
        Mark::BareNumber => Ok(Some(WarningKind::BareNumbers)),
        Mark::Scientific => Err(Reason::RoundedNumber),
        Mark::Date => Err(Reason::DateCell),
        Mark::Boolean => Err(Reason::BooleanCell),
        Mark::Error => Err(Reason::ErrorCell),
        Mark::NoResult => Err(Reason::NoResult),
        Mark::Number => Err(Reason::UncertainNumber),
        Mark::TooLong => Err(Reason::TooLong),
    }
}
