//! Spreadsheets -> sheet text: one worksheet as a stream of bytes that the import reads as rows.

pub mod text;
