//! What seals and opens: MLS groups as Padserve uses them, over mls-rs. `binding.rs` gives it to JavaScript; the tests in
//! `engine/interop` use it as it is. Nothing here knows a socket or a file, and no clock decides whether a commit is valid.

pub mod bounds;
mod changes;
mod crypto;
mod engine;
mod error;
mod group;
mod header;
mod identities;
mod observer;
mod policy;
mod record;
mod rules;
mod signatures;
mod storage;
pub mod wire;

#[cfg(target_arch = "wasm32")]
mod binding;

pub use changes::{Changes, Kind, Person};
pub use crypto::{SUITE, provider, suite};
pub use engine::{Engine, Joined, NewKeyPackage, Welcomed};
pub use error::{Code, Error, Result};
pub use group::{Group, Opened, Pending, Saved, Sealed};
pub use observer::{InspectedKeyPackage, Observer, Staged, inspect_key_package};
pub use policy::{Access, Policy, PolicyPerson, Who};
pub use record::{Record, RecordKind};
pub use signatures::{Signatures, verify};
