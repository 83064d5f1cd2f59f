//! Every limit of the core, each with its reason.

/// Longest code, in characters (Shopify's own limit: "is too long (maximum is 255 characters)").
pub const CODE_CHARS: usize = 255;

/// Longest contact or message, in characters: longer than any mail address (254) or UUID chain, short enough to index.
pub const KEY_CHARS: usize = 512;

/// Longest slot name, in characters: it is written by hand in a tag.
pub const SLOT_CHARS: usize = 64;

/// Longest handle, in characters: it is written by hand in a tag and stands in URLs.
pub const HANDLE_CHARS: usize = 64;

/// Longest pool name, in characters: it must fit a table's cell on a screen.
pub const NAME_CHARS: usize = 200;

/// Most rungs on a low-stock ladder: more would be noise, and every claim looks at them.
pub const LADDER_RUNGS: usize = 10;

/// Most tags asked for in one call of `drawMany`: bounds memory; larger sends use `renderMany`.
pub const DRAW_MANY: usize = 100_000;

/// Longest record of an upload, in bytes: a row of a coupon export is under 4 kB; longer is an unclosed quote.
pub const ROW_BYTES: usize = 1 << 20;

/// Most columns of an upload that are looked at: shop exports have under 100.
pub const COLUMNS: usize = 1_024;

/// Bytes of an upload that are looked at before its form is decided.
pub const SAMPLE_BYTES: usize = 256 << 10;

/// Most memory that an upload uses to find duplicates within its file, in bytes: half of what one wasm memory can hold,
/// because a table needs room beside itself to grow. Some 75 million codes of 10 characters.
pub const DEDUPE_BYTES: usize = 2 << 30;

/// Rows below the header that a preview shows: what fits a screen.
pub const PREVIEW_ROWS: usize = 20;

/// Most bytes that the parts of a spreadsheet may unpack to, together: a full worksheet of 1,048,576 rows and forty
/// columns is 1.7 GB of markup.
pub const SHEET_EXPANDED_BYTES: u64 = 2 << 30;

/// Most bytes that one packed byte of a spreadsheet may unpack to, once [`SHEET_FREE_BYTES`] are unpacked: worksheets of
/// codes by SheetJS, XlsxWriter and openpyxl were measured at 2 to 9, one that is formatted and otherwise empty at 15;
/// made-up ones reach 1,000.
pub const SHEET_EXPANSION: u64 = 100;

/// Bytes that are unpacked before a spreadsheet is judged by [`SHEET_EXPANSION`]: a table that is formatted far down and
/// is otherwise empty packs better than any with codes, and is small.
pub const SHEET_FREE_BYTES: u64 = 16 << 20;

/// Longest text of a cell, in bytes: 32,767 characters (Excel's own limit) of four bytes, rounded up.
pub const CELL_BYTES: usize = 128 << 10;

/// Most rows of a worksheet: Excel's own limit.
pub const SHEET_ROWS: u64 = 1_048_576;

/// Most bytes of the texts that a workbook keeps apart from its cells: they are held in memory, and a million codes
/// with two words of description each are 60 MB.
pub const SHARED_STRINGS_BYTES: usize = 128 << 20;

/// Most cells of the worksheet that is read in an `.xls` file: a list of them is held in memory, of eight bytes each, and
/// sixty columns of its 65,536 rows fit.
pub const XLS_CELLS: usize = 4_000_000;

/// Longest record of an `.xlsb` file, in bytes: a text of 32,767 characters, each with a look and a reading of its own.
pub const XLSB_RECORD_BYTES: usize = 1 << 20;

/// Most parts of a spreadsheet file: as many as its directory counts without the extension for larger ones.
pub const SHEET_PARTS: usize = 65_535;

/// Most worksheets of a workbook: each is a part, and people name and number them.
pub const SHEETS: usize = 4_096;

/// Most cell formats of a workbook: Excel's own limit is 65,490.
pub const SHEET_STYLES: usize = 65_536;

/// Most number formats that a workbook describes: Excel's own limit is 250.
pub const SHEET_FORMATS: usize = 1_024;

/// Longest tag in a spreadsheet's markup, in bytes: one has a few attributes of some hundred letters.
pub const TAG_BYTES: usize = 64 << 10;

/// Largest spreadsheet, in bytes, that is gathered in memory where the source cannot be read by seeking (a stream): a
/// full worksheet of three columns is 30 MB.
pub const GATHERED_BYTES: u64 = 64 << 20;

/// Most rejected rows that a report keeps; all of them are counted.
pub const REPORT_ROWS: usize = 1_000;

/// Longest value in a file of rejected rows, in characters: the longest code and a little more, so that one that is too
/// long can be recognised.
pub const REJECTED_VALUE_CHARS: usize = 300;

/// Most different expiries in one batch: the cost of a claim grows with live expiries, and eleven years of days fit.
pub const BATCH_EXPIRIES: usize = 4_096;

/// Longest template (all parts together), in bytes: Gmail clips mails at 102 kB, so this is far past any real mail.
pub const TEMPLATE_BYTES: usize = 8 << 20;

/// Most tags in one template: bounds the work of a render.
pub const TEMPLATE_TAGS: usize = 10_000;

/// Deepest nesting of `ifcoupon`: deeper is a loop gone wrong in a generator.
pub const TEMPLATE_DEPTH: usize = 32;

/// How long an upload's lease holds without a heartbeat, in milliseconds: past any pause of a live
/// writer, short enough that a crashed upload does not keep people waiting.
pub const LEASE_MS: i64 = 60_000;

/// How often a lost race on a pool's document is tried again before the caller is told.
pub const RACE_RETRIES: usize = 16;

/// Bits of guess resistance under which a pattern is refused: with 24, a guesser tries 16 million codes for each hit.
pub const GUESS_FLOOR_BITS: f64 = 24.0;

/// Bits of guess resistance under which a pattern is warned of: 32 is out of reach of anybody who has to ask a shop.
pub const GUESS_WARNING_BITS: f64 = 32.0;

/// Bits between a pattern's space and the codes in use that must be left, whatever floor is set: with 2, a quarter of
/// the space is used; past that, chance meets known codes too often.
pub const ROOM_BITS: f64 = 2.0;

/// Codes that a dynamic pool without a limit is planned for: a year of a large sender.
pub const PLANNED_CODES: u64 = 1_000_000;

/// Most characters drawn at random in a generated code: 128 bits in any alphabet, and people have to type it.
pub const PATTERN_LENGTH: usize = 128;

/// Codes kept in stock by a dynamic pool that does not say how many: a small campaign, and seconds of a shop's time.
#[cfg(feature = "manage")]
pub const BUFFER: u64 = 1_000;

/// Most codes in one top-up: its codes are made again from the seed whenever it is taken over, in a tenth of a second.
#[cfg(feature = "manage")]
pub const TOP_UP_CODES: u64 = 250_000;

/// Codes that a top-up stores at a time: few enough that waiting draws see them soon.
#[cfg(feature = "manage")]
pub const TOP_UP_STORED: usize = 5_000;

/// How long a draw that finds a dynamic pool empty waits for a top-up, in milliseconds: past a shop's slow minute a mail
/// is better decided by `onEmpty`.
pub const TOP_UP_WAIT_MS: i64 = 20_000;

/// How long after a top-up failed draws do not ask the shop again, in milliseconds: a shop that is down is left alone.
#[cfg(feature = "manage")]
pub const TOP_UP_REST_MS: i64 = 30_000;

/// How long `prepare` waits for a shop, in milliseconds: it is asked ahead of a send, by somebody who looks on.
#[cfg(feature = "manage")]
pub const PREPARE_WAIT_MS: i64 = 600_000;

/// How long `maintain` deletes a pool's withdrawn codes at the shop, in milliseconds: the rest waits for the next run.
#[cfg(feature = "manage")]
pub const WITHDRAW_WAIT_MS: i64 = 600_000;

/// How long `undo` deletes the codes of a top-up at the shop, in milliseconds: somebody looks on, and `maintain` goes on.
#[cfg(feature = "manage")]
pub const UNDO_WAIT_MS: i64 = 10_000;
