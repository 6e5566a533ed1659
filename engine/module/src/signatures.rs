//! Ed25519 verification, one at a time or many at once, with exactly the same signatures accepted either way: else who joins and who is
//! there already could disagree about a member for good.
//!
//! Accepted is what RFC 8032, 5.1.7 accepts by its own equation, [8][S]B = [8]R + [8][k]A, if besides both points are in their one
//! canonical encoding and neither is of small order. With the cofactor a sum of equations with random weights holds if each does, and
//! else but for a chance of 2^-128 (Chalkias, Garillot, Nikolaenko: Taming the many EdDSAs, 2020). The arithmetic is curve25519-dalek's.

use crate::crypto::random;
use crate::error::{Code, Error, Result};
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use sha2::{Digest, Sha512};
use std::sync::{Arc, Mutex, MutexGuard};

/// A signature with all that its equation needs.
struct Claim {
    /// A, R, S and k of RFC 8032.
    key: EdwardsPoint,
    nonce: EdwardsPoint,
    response: Scalar,
    challenge: Scalar,
}

/// Whether that key has signed the data.
pub fn verify(key: &[u8], signature: &[u8], data: &[u8]) -> bool {
    Claim::of(key, signature, data).is_some_and(|claim| claim.holds())
}

/// Signatures whose equations are checked together at the end of a join, which gives no group before that. Of whatever is verified
/// after `settle`, or without `gather`, the answer is there at once.
#[derive(Clone, Default)]
pub struct Signatures(Arc<Mutex<Option<Vec<Claim>>>>);

impl Signatures {
    pub fn gather() -> Self {
        Self(Arc::new(Mutex::new(Some(vec![]))))
    }

    /// False: it doesn't hold. True while gathering: it holds if `settle` succeeds.
    pub fn verify(&self, key: &[u8], signature: &[u8], data: &[u8]) -> bool {
        match self.gathered().as_mut() {
            None => verify(key, signature, data),
            Some(claims) => match Claim::of(key, signature, data) {
                Some(claim) if claims.len() < MOST => {
                    claims.push(claim);
                    true
                }
                _ => false,
            },
        }
    }

    pub fn gathers(&self) -> bool {
        self.gathered().is_some()
    }

    /// An error if one that was gathered doesn't hold. From here on nothing is gathered any more.
    pub fn settle(&self) -> Result<()> {
        match self.gathered().take() {
            Some(claims) if all_hold(&claims)? => Ok(()),
            Some(_) => Err(Error::new(Code::Invalid, "a member's signature")),
            None => Err(Code::EngineFailed.into()),
        }
    }

    fn gathered(&self) -> MutexGuard<'_, Option<Vec<Claim>>> {
        // Nothing panics while it holds the lock, and after a panic the whole instance is discarded.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Claim {
    fn of(key: &[u8], signature: &[u8], data: &[u8]) -> Option<Self> {
        let (key_bytes, signature): (&[u8; 32], &[u8; 64]) = (key.try_into().ok()?, signature.try_into().ok()?);
        let (nonce_bytes, response_bytes) = signature.split_at(32);
        let response = Option::from(Scalar::from_canonical_bytes(response_bytes.try_into().ok()?))?;
        let (key, nonce) = (point(key_bytes)?, point(nonce_bytes)?);
        let challenge = Sha512::new().chain_update(nonce_bytes).chain_update(key_bytes).chain_update(data).finalize();
        Some(Self { key, nonce, response, challenge: Scalar::from_bytes_mod_order_wide(&challenge.into()) })
    }

    fn holds(&self) -> bool {
        let difference = EdwardsPoint::vartime_double_scalar_mul_basepoint(&self.challenge, &-self.key, &self.response) - self.nonce;
        difference.mul_by_cofactor().is_identity()
    }
}

/// Of canonical encoding and not of small order.
fn point(bytes: &[u8]) -> Option<EdwardsPoint> {
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    // Below p = 2^255 - 19. What is left of non-canonical forms, a sign at x = 0, is of small order.
    let canonical = bytes[0] < 0xed || bytes[1..31].iter().any(|&byte| byte != 0xff) || bytes[31] & 0x7f != 0x7f;
    let point = canonical.then(|| CompressedEdwardsY(bytes).decompress()).flatten()?;
    (!point.is_small_order()).then_some(point)
}

/// Whether [8] times the sum of z (S B - k A - R), with a random z of 128 bits for each, is the identity.
fn all_hold(claims: &[Claim]) -> Result<bool> {
    if claims.len() < WORTH_IT {
        return Ok(claims.iter().all(Claim::holds));
    }
    let mut randomness = vec![0; 16 * claims.len()];
    random(&mut randomness)?;
    let weights: Vec<Scalar> = randomness.chunks_exact(16).map(weight).collect();
    let base: Scalar = claims.iter().zip(&weights).map(|(claim, z)| claim.response * z).sum();
    let keys = claims.iter().zip(&weights).map(|(claim, z)| (-(claim.challenge * z), claim.key));
    let nonces = claims.iter().zip(&weights).map(|(claim, z)| (*z, -claim.nonce));
    let (scalars, points): (Vec<_>, Vec<_>) = std::iter::once((base, ED25519_BASEPOINT_POINT)).chain(keys).chain(nonces).unzip();
    Ok(EdwardsPoint::vartime_multiscalar_mul(scalars, points).mul_by_cofactor().is_identity())
}

fn weight(bytes: &[u8]) -> Scalar {
    let mut wide = [0; 32];
    wide[..16].copy_from_slice(bytes);
    Scalar::from_bytes_mod_order(wide)
}

/// Two for each leaf of the largest Welcome, and more: 6 MB.
const MOST: usize = 16_384;

/// Fewer are as fast one by one.
const WORTH_IT: usize = 4;
