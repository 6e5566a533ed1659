//! The primitives: RustCrypto's, as mls-rs ships them, but that the device key may sign outside, so that it never comes in here, and
//! that signatures are verified by `signatures.rs`.

use crate::error::{Code, Error};
use crate::signatures::Signatures;
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::traits::IsIdentity;
use mls_rs_core::crypto::*;
use mls_rs_core::error::IntoAnyError;
use mls_rs_crypto_rustcrypto::{RustCryptoError, RustCryptoProvider};
use zeroize::Zeroizing;

/// X25519, AES-128-GCM, SHA-256, Ed25519.
pub const SUITE: CipherSuite = CipherSuite::CURVE25519_AES128;

pub type Inner = <RustCryptoProvider as CryptoProvider>::CipherSuiteProvider;

#[derive(Clone)]
pub struct Provider(RustCryptoProvider, Signatures);

#[derive(Clone)]
pub struct Suite(Inner, Signatures);

#[derive(Debug)]
pub enum ProviderError {
    Inner(String),
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "only JavaScript signs outside"))]
    Signer,
    Signature,
    SmallOrder,
}

impl std::fmt::Display for ProviderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Inner(detail) => f.write_str(detail),
            Self::Signer => f.write_str("the signer failed"),
            Self::Signature => f.write_str("a signature"),
            Self::SmallOrder => f.write_str("a public key of small order"),
        }
    }
}

impl std::error::Error for ProviderError {}

impl IntoAnyError for ProviderError {
    fn into_dyn_error(self) -> std::result::Result<Box<dyn std::error::Error + Send + Sync>, Self> {
        Ok(self.into())
    }
}

impl From<RustCryptoError> for ProviderError {
    fn from(error: RustCryptoError) -> Self {
        Self::Inner(error.to_string())
    }
}

pub fn provider() -> Provider {
    provider_with(Signatures::default())
}

/// That verifies by these.
pub fn provider_with(signatures: Signatures) -> Provider {
    Provider(RustCryptoProvider::with_enabled_cipher_suites(vec![SUITE]), signatures)
}

/// The one suite.
pub fn suite() -> Suite {
    provider().cipher_suite_provider(SUITE).expect("the provider was made with this suite")
}

/// The host's random bytes, or an error.
pub fn random(out: &mut [u8]) -> std::result::Result<(), Error> {
    CipherSuiteProvider::random_bytes(&suite(), out).map_err(|e| Error::new(Code::EngineFailed, e.to_string()))
}

/// Whether X25519 of this public key is zero whatever the secret, so that whoever looks on knows the shared secret: RFC 9180, 7.1.4 tells
/// both sides to refuse that. A clamped scalar is a multiple of eight, so that any one shows it.
fn gives_zero(key: &[u8]) -> bool {
    <[u8; 32]>::try_from(key).is_ok_and(|bytes| MontgomeryPoint(bytes).mul_clamped([1; 32]).is_identity())
}

impl CryptoProvider for Provider {
    type CipherSuiteProvider = Suite;

    fn supported_cipher_suites(&self) -> Vec<CipherSuite> {
        self.0.supported_cipher_suites()
    }

    fn cipher_suite_provider(&self, suite: CipherSuite) -> Option<Suite> {
        Some(Suite(self.0.cipher_suite_provider(suite)?, self.1.clone()))
    }
}

type Result<T> = std::result::Result<T, ProviderError>;

impl CipherSuiteProvider for Suite {
    type Error = ProviderError;
    type HpkeContextS = <Inner as CipherSuiteProvider>::HpkeContextS;
    type HpkeContextR = <Inner as CipherSuiteProvider>::HpkeContextR;

    fn cipher_suite(&self) -> CipherSuite {
        self.0.cipher_suite()
    }
    fn hash(&self, data: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.hash(data)?)
    }
    fn mac(&self, key: &[u8], data: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.mac(key, data)?)
    }
    fn aead_seal(&self, key: &[u8], data: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.aead_seal(key, data, aad, nonce)?)
    }
    fn aead_open(&self, key: &[u8], data: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        Ok(self.0.aead_open(key, data, aad, nonce)?)
    }
    fn aead_key_size(&self) -> usize {
        self.0.aead_key_size()
    }
    fn aead_nonce_size(&self) -> usize {
        self.0.aead_nonce_size()
    }
    fn kdf_extract(&self, salt: &[u8], ikm: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        Ok(self.0.kdf_extract(salt, ikm)?)
    }
    fn kdf_expand(&self, prk: &[u8], info: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>> {
        Ok(self.0.kdf_expand(prk, info, len)?)
    }
    fn kdf_extract_size(&self) -> usize {
        self.0.kdf_extract_size()
    }
    fn hpke_seal(&self, to: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>, data: &[u8]) -> Result<HpkeCiphertext> {
        Ok(self.0.hpke_seal(to, info, aad, data)?)
    }
    fn hpke_seal_psk(&self, to: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>, data: &[u8], psk: HpkePsk<'_>) -> Result<HpkeCiphertext> {
        Ok(self.0.hpke_seal_psk(to, info, aad, data, psk)?)
    }
    fn hpke_open(
        &self,
        sealed: &HpkeCiphertext,
        secret: &HpkeSecretKey,
        public: &HpkePublicKey,
        info: &[u8],
        aad: Option<&[u8]>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        Ok(self.0.hpke_open(sealed, secret, public, info, aad)?)
    }
    fn hpke_open_psk(
        &self,
        sealed: &HpkeCiphertext,
        secret: &HpkeSecretKey,
        public: &HpkePublicKey,
        info: &[u8],
        aad: Option<&[u8]>,
        psk: HpkePsk<'_>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        Ok(self.0.hpke_open_psk(sealed, secret, public, info, aad, psk)?)
    }
    fn hpke_setup_s(&self, to: &HpkePublicKey, info: &[u8]) -> Result<(Vec<u8>, Self::HpkeContextS)> {
        Ok(self.0.hpke_setup_s(to, info)?)
    }
    fn hpke_setup_r(&self, kem: &[u8], secret: &HpkeSecretKey, public: &HpkePublicKey, info: &[u8]) -> Result<Self::HpkeContextR> {
        Ok(self.0.hpke_setup_r(kem, secret, public, info)?)
    }
    fn kem_derive(&self, ikm: &[u8]) -> Result<(HpkeSecretKey, HpkePublicKey)> {
        Ok(self.0.kem_derive(ikm)?)
    }
    fn kem_generate(&self) -> Result<(HpkeSecretKey, HpkePublicKey)> {
        Ok(self.0.kem_generate()?)
    }
    fn kem_public_key_validate(&self, key: &HpkePublicKey) -> Result<()> {
        self.0.kem_public_key_validate(key)?;
        if gives_zero(key) { Err(ProviderError::SmallOrder) } else { Ok(()) }
    }
    /// The host's random bytes (`crypto.getRandomValues`), or an error; never anything else.
    fn random_bytes(&self, out: &mut [u8]) -> Result<()> {
        Ok(CipherSuiteProvider::random_bytes(&self.0, out)?)
    }
    fn signature_key_generate(&self) -> Result<(SignatureSecretKey, SignaturePublicKey)> {
        Ok(self.0.signature_key_generate()?)
    }
    fn signature_key_derive_public(&self, secret: &SignatureSecretKey) -> Result<SignaturePublicKey> {
        Ok(self.0.signature_key_derive_public(secret)?)
    }
    #[cfg(target_arch = "wasm32")]
    fn sign(&self, _: &SignatureSecretKey, data: &[u8]) -> Result<Vec<u8>> {
        crate::binding::sign(data).ok_or(ProviderError::Signer)
    }
    #[cfg(not(target_arch = "wasm32"))]
    fn sign(&self, secret: &SignatureSecretKey, data: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.sign(secret, data)?)
    }
    fn verify(&self, public: &SignaturePublicKey, signature: &[u8], data: &[u8]) -> Result<()> {
        if self.1.verify(public, signature, data) { Ok(()) } else { Err(ProviderError::Signature) }
    }
}
