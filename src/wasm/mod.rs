//! Bindings: conversions between JavaScript's values and the core's, and no logic.

// The readers of spreadsheets convert less than the engine does.
#[cfg_attr(not(feature = "draw"), allow(dead_code))]
mod convert;
#[cfg(feature = "draw")]
mod engine;
#[cfg(feature = "mail")]
mod mail;
#[cfg(feature = "manage")]
mod manage;
#[cfg(feature = "draw")]
mod replies;
#[cfg(feature = "sheets")]
mod sheet;
#[cfg(feature = "draw")]
mod steps;
