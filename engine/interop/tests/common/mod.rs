//! What the tests share: seeded random numbers, and device records made by hand.
#![allow(dead_code, reason = "each test uses some of it")]

use mls_rs::{CipherSuite, CipherSuiteProvider as _, CryptoProvider as _};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;
use openmls::prelude::SignatureScheme;
use openmls_basic_credential::SignatureKeyPair;
use openmls_traits::signatures::Signer as _;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Less than `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

pub fn key_pair() -> SignatureKeyPair {
    SignatureKeyPair::new(SignatureScheme::ED25519).unwrap()
}

/// Secret and public key of a device.
pub fn device_keys() -> (Vec<u8>, Vec<u8>) {
    let suite = RustCryptoProvider::new().cipher_suite_provider(CipherSuite::CURVE25519_AES128).unwrap();
    let (secret, public) = suite.signature_key_generate().unwrap();
    (secret.as_bytes().to_vec(), public.as_bytes().to_vec())
}

/// docs/device-record.md, of that kind (1: a person) with that identity; the device id is the identity's, too.
pub fn record(kind: u8, identity: &str, user: &SignatureKeyPair, device_key: &[u8]) -> Vec<u8> {
    let mut device_id = [0; 16];
    device_id[..identity.len()].copy_from_slice(identity.as_bytes());
    let mut bytes = vec![1, kind];
    for part in [&b"server"[..], identity.as_bytes(), b"label", &device_id, b"laptop", b"", user.public(), &[0; 8]] {
        field(&mut bytes, part);
    }
    let mut signed = b"padserve device record v1\0".to_vec();
    signed.extend_from_slice(&bytes);
    field(&mut signed, device_key);
    let signature = user.sign(&signed).unwrap();
    field(&mut bytes, &signature);
    bytes
}

fn field(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    to.extend_from_slice(bytes);
}
