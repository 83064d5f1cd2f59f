//! Pools: their settings, their keys, their stock and their alerts.

pub mod alerts;
pub mod document;
#[cfg(feature = "manage")]
pub mod dynamic;
pub mod forecast;
pub mod history;
pub mod keys;
pub mod sample;
pub mod settings;
pub mod stock;
