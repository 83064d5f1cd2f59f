//! Spreadsheets -> sheet text: one worksheet as a stream of bytes that the import reads as rows.

pub mod number;
pub mod number_format;
pub mod text;
