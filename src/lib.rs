//! Coupon pools for any e-mail product: the core.
//!
//! The core is pure: it takes bytes, times and random bytes as arguments and knows no clock, no randomness, no
//! I/O and no JavaScript. Work that needs the host is a *flow* ([`flow`]): it says what it needs next, is given
//! the answer, and goes on until it is done.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod code;
pub mod error;
#[cfg(feature = "manage")]
pub mod export;
pub mod flow;
#[cfg(feature = "manage")]
pub mod generate;
#[cfg(feature = "manage")]
pub mod import;
pub mod limits;
pub mod pool;
pub mod record;
pub mod sheet;
#[cfg(feature = "manage")]
pub mod shop;
mod sorted;
#[cfg(feature = "mail")]
pub mod template;
#[cfg(target_arch = "wasm32")]
mod wasm;
