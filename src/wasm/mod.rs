//! Bindings: conversions between JavaScript's values and the core's, and no logic.

mod convert;
mod engine;
#[cfg(feature = "mail")]
mod mail;
#[cfg(feature = "manage")]
mod manage;
mod replies;
mod steps;
