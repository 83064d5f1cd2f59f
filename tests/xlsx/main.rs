//! `.xlsx` files as they are and as they should not be: what stands in the cells, which worksheet it is, and what is
//! refused.
#![cfg(feature = "xlsx")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod book;
mod broken;
mod cells;
mod workbooks;
