//! Which row is the header, which column holds the codes, which the expiries.

use super::dates::{self, Reading};
use super::options::{ExpiryColumn, Header, ImportOptions};
use super::reasons::WarningKind;
use super::report::{Warning, excerpt};
use crate::error::{Code, Error, Result};
use crate::record::{FromValue, Value};

/// A column, as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnRef {
    /// By its place, from 0.
    Index(usize),
    /// By its name in the header, in any case and spacing.
    Name(String),
}

impl FromValue for ColumnRef {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Text(name) => Ok(ColumnRef::Name(name)),
            value => usize::from_value(value).map(ColumnRef::Index),
        }
    }
}

/// Names of a column of codes, letters and digits only, the surest first.
const CODE_NAMES: &[&str] = &[
    "code",
    "couponcode",
    "coupon",
    "discountcode",
    "promocode",
    "promotioncode",
    "promotionalcode",
    "vouchercode",
    "voucher",
    "giftcode",
    "giftcardcode",
    "offercode",
    "redeemcode",
    "redemptioncode",
    "uniquecode",
    "codes",
    "coupons",
    "couponcodes",
    "discountcodes",
    "vouchers",
    "vouchercodes",
    "promocodes",
    "gutscheincode",
    "gutschein",
    "gutscheine",
    "gutscheincodes",
    "rabattcode",
    "rabattcodes",
    "aktionscode",
    "codepromo",
    "codepromotionnel",
    "codereduction",
    "codederéduction",
    "coderéduction",
    "bondereduction",
    "bonderéduction",
    "codigo",
    "código",
    "codigopromocional",
    "códigopromocional",
    "codigodescuento",
    "códigodescuento",
    "cupon",
    "cupón",
    "cupom",
    "codice",
    "codicesconto",
    "codicepromozionale",
    "buono",
    "kortingscode",
    "kortingscodes",
    "rabattkod",
    "rabatkode",
    "alennuskoodi",
    "kodrabatowy",
    "kupon",
    "promokod",
    "промокод",
    "クーポンコード",
    "优惠码",
];

/// Names of a column of expiries, letters and digits only, the surest first.
const EXPIRY_NAMES: &[&str] = &[
    "expiresat",
    "expires",
    "expiry",
    "expirydate",
    "expirationdate",
    "expiration",
    "expiredate",
    "expireson",
    "expiryat",
    "expirydatetime",
    "dateexpires",
    "expiresdate",
    "validuntil",
    "validto",
    "validtill",
    "validthru",
    "validthrough",
    "usableuntil",
    "enddate",
    "endsat",
    "endson",
    "ends",
    "endat",
    "dateend",
    "todate",
    "redeemby",
    "useby",
    "ablaufdatum",
    "ablauf",
    "ablaufam",
    "gültigbis",
    "gueltigbis",
    "gultigbis",
    "verfallsdatum",
    "verfällt",
    "enddatum",
    "datedexpiration",
    "dateexpiration",
    "expirele",
    "valablejusquau",
    "datedefin",
    "fechadecaducidad",
    "caducidad",
    "fechadeexpiración",
    "fechadeexpiracion",
    "validohasta",
    "válidohasta",
    "vencimiento",
    "validade",
    "válidoaté",
    "scadenza",
    "datadiscadenza",
    "validofinoal",
    "vervaldatum",
    "geldigtot",
    "giltigtill",
    "gyldigtil",
    "utløpsdato",
    "udløbsdato",
    "ważnydo",
];

/// Rows looked at to tell columns apart: enough to be sure, few enough to be quick.
const ROWS: usize = 2_000;

/// Rows among which a header with a known name is looked for: above it stand a title, a date and a note, not a table.
pub(super) const HEADER_ROWS: usize = 10;

/// The first records of a file, as text.
pub(super) type Row = (u64, Vec<String>);

/// What was found out about the columns.
pub(super) struct Columns {
    /// Which of the rows that are not blank holds the names, if one does.
    pub(super) header: Option<usize>,
    pub(super) names: Vec<String>,
    pub(super) code: usize,
    pub(super) expiry: Option<usize>,
    /// Whether the header of the code column bears the mark of our exports: values lose one leading `'`.
    pub(super) export: bool,
    pub(super) warnings: Vec<Warning>,
}

/// The letters and digits of a header, in lower case.
pub(super) fn plain_name(header: &str) -> String {
    header.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether `header` is a name that columns of codes or expiries have.
pub(super) fn is_known(header: &str) -> bool {
    let name = plain_name(header);
    CODE_NAMES.contains(&name.as_str()) || EXPIRY_NAMES.contains(&name.as_str())
}

/// Looks at the first rows that are not blank and decides. `rows` has at least one.
pub(super) fn find(rows: &[Row], options: &ImportOptions) -> Result<Columns> {
    let width = rows.iter().take(ROWS).map(|row| row.1.len()).max().unwrap_or(1);
    let mut warnings = Vec::new();
    let header = find_header(rows, width, options, &mut warnings)?;
    let body = &rows[header.map_or(0, |header| header + 1)..];
    let body = &body[..body.len().min(ROWS)];
    let names: Vec<String> = (0..width)
        .map(|column| {
            match header.and_then(|header| rows[header].1.get(column)).filter(|name| !name.trim().is_empty()) {
                Some(name) => name.trim().to_owned(),
                None => format!("column {}", column + 1),
            }
        })
        .collect();
    let code = match &options.code_column {
        Some(column) => resolve(column, &names, header.is_some())?,
        None => {
            let named = header.and_then(|_| named(&names, CODE_NAMES));
            let only = (width == 1).then_some(0);
            match named.or(only).or_else(|| looks_like_codes(body, width)) {
                Some(column) => column,
                None => return Err(unknown(&names, body)),
            }
        }
    };
    let dated = |column: &usize| *column != code && holds_dates(body, *column);
    let expiry = match &options.expiry_column {
        Some(ExpiryColumn::Ignore) => None,
        Some(ExpiryColumn::At(column)) => Some(resolve(column, &names, header.is_some())?),
        None => {
            let named = header.and_then(|_| named(&names, EXPIRY_NAMES)).filter(|column| *column != code);
            let dates: Vec<usize> = if named.is_some() { Vec::new() } else { (0..width).filter(dated).collect() };
            match dates[..] {
                [column] if header.is_none() => {
                    warnings.push(Warning::about(WarningKind::ExpiryGuessed, None, &names[column]));
                    Some(column)
                }
                [column, ..] => {
                    warnings.push(Warning::about(WarningKind::DatesIgnored, None, &names[column]));
                    None
                }
                [] => named,
            }
        }
    };
    let export = header.is_some() && names[code].ends_with('\'');
    Ok(Columns { header, names, code, expiry, export, warnings })
}

/// Which of the rows holds the columns' names.
fn find_header(
    rows: &[Row],
    width: usize,
    options: &ImportOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Option<usize>> {
    let among = &rows[..rows.len().min(HEADER_ROWS)];
    let known = |row: &Row| row.1.iter().any(|field| is_known(field));
    let header = match (options.header, &options.code_column) {
        (Some(Header::None), _) => None,
        (Some(Header::First), _) => Some(0),
        (Some(Header::Row(number)), _) => match rows.iter().position(|row| row.0 == number) {
            Some(header) => Some(header),
            None => {
                let message = format!("Row {number} is to be the header, but it is blank or too far down.");
                return Err(Error::new(Code::InvalidArgument, message).with("option", "header"));
            }
        },
        (None, Some(ColumnRef::Name(name))) => {
            let bears = |row: &Row| row.1.iter().any(|field| plain_name(field) == plain_name(name));
            Some(among.iter().position(bears).unwrap_or(0))
        }
        (None, _) if known(&rows[0]) => Some(0),
        (None, _) => match (1..among.len()).find(|header| known(&rows[*header]) && is_below_title(rows, *header)) {
            Some(header) => Some(header),
            None => looks_like_header(rows, width).then(|| {
                warnings.push(Warning::about(WarningKind::HeaderGuessed, Some(rows[0].0), &rows[0].1.join(", ")));
                0
            }),
        },
    };
    if let Some(above) = header.filter(|above| *above > 0) {
        let first =
            Warning::about(WarningKind::AboveHeader, Some(rows[0].0), rows[0].1.join(", ").trim_matches([',', ' ']));
        warnings.push(Warning { count: above as u64, ..first });
    }
    Ok(header)
}

/// Whether what stands above a row is no part of its table: fewer cells, or words where the rows below have none.
fn is_below_title(rows: &[Row], header: usize) -> bool {
    let filled = |row: &Row| row.1.iter().filter(|field| !field.trim().is_empty()).count();
    let spaced = |row: &Row| row.1.iter().any(|field| field.trim().contains(char::is_whitespace));
    let (above, below) = (&rows[..header], &rows[header + 1..]);
    above.iter().all(|row| filled(row) < filled(&rows[header]))
        || (!below.is_empty() && above.iter().all(spaced) && !below.iter().any(spaced))
}

fn named(names: &[String], known: &[&str]) -> Option<usize> {
    let plain: Vec<_> = names.iter().map(|name| plain_name(name)).collect();
    known.iter().find_map(|name| plain.iter().position(|plain| plain == name))
}

fn resolve(column: &ColumnRef, names: &[String], header: bool) -> Result<usize> {
    let found = match column {
        ColumnRef::Index(index) => (*index < names.len()).then_some(*index),
        ColumnRef::Name(_) if !header => None,
        ColumnRef::Name(name) => names
            .iter()
            .position(|other| other == name.trim())
            .or_else(|| names.iter().position(|other| plain_name(other) == plain_name(name))),
    };
    found.ok_or_else(|| {
        let wanted = match column {
            ColumnRef::Index(index) => format!("number {}", index + 1),
            ColumnRef::Name(name) => format!("\"{}\"", excerpt(name)),
        };
        let listed: Vec<String> = names.iter().map(|name| excerpt(name)).collect();
        Error::new(
            Code::UploadColumnMissing,
            format!("The file has no column {wanted}. It has: {}.", listed.join(", ")),
        )
        .with("column", wanted)
        .with("columns", listed)
    })
}

fn unknown(names: &[String], body: &[Row]) -> Error {
    let listed: Vec<String> = names.iter().map(|name| excerpt(name)).collect();
    let examples: Vec<String> = (0..names.len())
        .map(|column| {
            let filled = body.iter().filter_map(|row| row.1.get(column)).find(|value| !value.trim().is_empty());
            filled.map(|value| excerpt(value)).unwrap_or_default()
        })
        .collect();
    Error::new(
        Code::UploadColumnUnknown,
        format!("It cannot be told which column holds the codes: {}. Name it in `columns`.", listed.join(", ")),
    )
    .with("columns", listed)
    .with("examples", examples)
}

fn values(rows: &[Row], column: usize) -> impl Iterator<Item = &str> {
    rows.iter().filter_map(move |row| row.1.get(column)).map(|value| value.trim()).filter(|value| !value.is_empty())
}

fn has_digit(text: &str) -> bool {
    text.chars().any(|character| character.is_ascii_digit())
}

fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// A first row of words over columns of something else. Taking a code for a header would lose it, so a single
/// column must differ in letter case too.
fn looks_like_header(rows: &[Row], width: usize) -> bool {
    let (first, rest) = (&rows[0].1, &rows[1..rows.len().min(ROWS)]);
    if rest.len() < 2 || first.iter().any(|field| has_digit(field) || !has_letter(field)) {
        return false;
    }
    (0..width).any(|column| {
        let digits = values(rest, column).count() > 1 && values(rest, column).all(has_digit);
        let lower = |text: &str| text.chars().any(char::is_lowercase);
        let case = first.get(column).is_some_and(|name| lower(name)) && !values(rest, column).any(lower);
        digits && (width > 1 || case)
    })
}

/// The one column whose values look like codes: nearly all filled, all different, without spaces, and no addresses,
/// dates or prices. Letters together with digits beat either alone.
fn looks_like_codes(body: &[Row], width: usize) -> Option<usize> {
    let rank = |column: usize| {
        let mut all: Vec<&str> = values(body, column).collect();
        let filled = all.len();
        if filled == 0 || filled * 10 < body.len() * 9 {
            return 0;
        }
        let fits = |text: &&&str| {
            (4..=64).contains(&text.chars().count())
                && !text.contains(|character: char| character.is_whitespace() || "@/:,".contains(character))
                && dates::read(text, None) == Reading::Bad
                && !is_price(text)
        };
        let fitting = all.iter().filter(fits).count();
        let mixed = all.iter().filter(|text| has_digit(text) && has_letter(text)).count();
        all.sort_unstable();
        all.dedup();
        match () {
            () if fitting * 20 < filled * 19 || all.len() * 10 < filled * 9 => 0,
            () if mixed * 2 > filled => 2,
            () => 1,
        }
    };
    let ranks: Vec<u8> = (0..width).map(rank).collect();
    let best = ranks.iter().copied().max().filter(|best| *best > 0)?;
    let mut of_best = (0..width).filter(|column| ranks[*column] == best);
    of_best.next().filter(|_| of_best.next().is_none())
}

fn is_price(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn holds_dates(body: &[Row], column: usize) -> bool {
    let mut some = false;
    values(body, column).all(|value| {
        some = true;
        dates::read(value, None) != Reading::Bad
    }) && some
}

/// The error for a date that can be read two ways.
pub(super) fn ambiguous(row: u64, value: &str) -> Error {
    let value = excerpt(value);
    Error::new(
        Code::UploadDatesAmbiguous,
        format!("Row {row}: {value} can be read two ways. Say whether the day or the month comes first."),
    )
    .with("row", row)
    .with("value", value)
}
