//! Ed25519 at its edges (test/vectors/ed25519-edges.json, which `src/mls/signatures.test.ts` holds the module in WebAssembly and node:crypto
//! to): what holds by itself holds among many, and what doesn't, doesn't. `cargo test -- --ignored write` writes the file anew.

mod common;

use common::Random;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as B, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use engine::{Signatures, verify};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

struct Case {
    name: String,
    key: [u8; 32],
    signature: [u8; 64],
    message: Vec<u8>,
}

#[test]
fn the_same_alone_and_among_others() {
    let text = include_str!("../../../test/vectors/ed25519-edges.json");
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    let bytes = |vector: &Value, field: &str| hex::decode(vector[field].as_str().unwrap()).unwrap();
    assert!(vectors.len() > 50);
    let good: Vec<_> = (0..300).map(|nth| ordinary(&mut Random(nth))).collect();
    for vector in &vectors {
        let (key, signature, message) = (bytes(vector, "key"), bytes(vector, "signature"), bytes(vector, "message"));
        let accepted = vector["accepted"].as_bool().unwrap();
        assert_eq!(verify(&key, &signature, &message), accepted, "{}", vector["name"]);
        // Few are checked one by one, some by one method and very many by another.
        for others in [0, 10, 300] {
            let together = Signatures::gather();
            assert!(good[..others].iter().all(|case| together.verify(&case.key, &case.signature, &case.message)));
            let formed = together.verify(&key, &signature, &message);
            assert_eq!(formed && together.settle().is_ok(), accepted, "{} among {others}", vector["name"]);
            assert!(!together.gathers() || !formed);
        }
    }
}

/// Two whose errors cancel out without random weights.
#[test]
fn errors_do_not_cancel_out() {
    let mut random = Random(7);
    let (mut one, mut other) = (ordinary(&mut random), ordinary(&mut random));
    for (case, by) in [(&mut one, Scalar::ONE), (&mut other, -Scalar::ONE)] {
        let response = Scalar::from_canonical_bytes(case.signature[32..].try_into().unwrap()).unwrap() + by;
        case.signature[32..].copy_from_slice(response.as_bytes());
    }
    let together = Signatures::gather();
    for case in (0..20).map(|nth| ordinary(&mut Random(nth))).chain([one, other]) {
        assert!(together.verify(&case.key, &case.signature, &case.message));
    }
    assert!(together.settle().is_err());
}

#[test]
#[ignore = "writes the vectors"]
fn write() {
    let vectors: Vec<Value> = cases()
        .iter()
        .map(|Case { name, key, signature, message }| {
            let accepted = name.contains("ordinary") || name.contains("holds");
            let (key, signature, message) = (hex::encode(key), hex::encode(signature), hex::encode(message));
            json!({ "name": name, "key": key, "signature": signature, "message": message, "accepted": accepted })
        })
        .collect();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test/vectors/ed25519-edges.json");
    std::fs::write(file, serde_json::to_string_pretty(&vectors).unwrap() + "\n").unwrap();
}

fn cases() -> Vec<Case> {
    let mut random = Random(1);
    let torsion = EIGHT_TORSION;
    let mut cases = vec![];
    let mut add = |name: String, mut case: Case| {
        case.name = name;
        cases.push(case);
    };
    add("ordinary".into(), ordinary(&mut random));
    for order in [1, 2, 4] {
        let t = torsion[order];
        for (name, key, nonce) in [("key", t, B * Scalar::ZERO), ("nonce", B * Scalar::ZERO, t), ("both", t, t)] {
            add(format!("torsion in {name}, {order}, holds with the cofactor"), mixed(&mut random, key, nonce, Some(false)));
            if name != "nonce" {
                add(format!("torsion in {name}, {order}, holds without, too"), mixed(&mut random, key, nonce, Some(true)));
            }
        }
    }
    for (nth, t) in torsion.iter().enumerate() {
        add(format!("small order key {nth}, S = 0"), small(&mut random, *t, *t, Scalar::ZERO));
        add(format!("small order key {nth}"), small(&mut random, *t, B, Scalar::ONE));
        add(format!("small order nonce {nth}"), mixed_nonce_only(&mut random, *t));
    }
    for least in 0..19_u8 {
        for sign in [0x7f, 0xff] {
            let mut odd = [0xff; 32];
            (odd[0], odd[31]) = (0xed + least, sign);
            if CompressedEdwardsY(odd).decompress().is_none() {
                continue;
            }
            let mut case = ordinary(&mut random);
            case.key = odd;
            add(format!("key y = p + {least}, {sign}"), case);
            let mut case = ordinary(&mut random);
            case.signature[..32].copy_from_slice(&odd);
            add(format!("nonce y = p + {least}, {sign}"), case);
        }
    }
    // The identity written as y = p + 1, and with a sign: as key with S B = R it holds wherever the form isn't looked at.
    for (name, form) in [("y = p + 1", (0xee, 0xff, 0x7f)), ("signed", (1, 0, 0x80))] {
        let mut case = small(&mut random, torsion[0], B, Scalar::ONE);
        case.key = [form.1; 32];
        (case.key[0], case.key[31]) = (form.0, form.2);
        add(format!("identity, {name}, as key"), case);
    }
    for times in 1..=15 {
        let mut case = ordinary(&mut random);
        if add_order(&mut case.signature[32..], times) {
            add(format!("S + {times} L"), case);
        }
    }
    for bit in [0, 7, 200, 255, 256, 300, 511] {
        let mut case = ordinary(&mut random);
        case.signature[bit / 8] ^= 1 << (bit % 8);
        add(format!("bit {bit} flipped"), case);
    }
    cases
}

/// By a key and nonce of the large order, plus these; either without regard to the cofactor (`exact`), or only with it.
fn mixed(random: &mut Random, key: EdwardsPoint, nonce: EdwardsPoint, exact: Option<bool>) -> Case {
    let (a, r) = (scalar(random), scalar(random));
    let (key, nonce) = (B * a + key, B * r + nonce);
    loop {
        let message = random.next().to_be_bytes().to_vec();
        let k = challenge(&nonce, &key, &message);
        let case = case(key, nonce, r + k * a, message);
        let holds = B * (r + k * a) == nonce + key * k;
        // With torsion in the nonce alone it never holds exactly.
        if exact.is_none_or(|exact| exact == holds) || (key - B * a == B * Scalar::ZERO) {
            return case;
        }
    }
}

fn mixed_nonce_only(random: &mut Random, nonce: EdwardsPoint) -> Case {
    let a = scalar(random);
    let message = random.next().to_be_bytes().to_vec();
    let k = challenge(&nonce, &(B * a), &message);
    case(B * a, nonce, k * a, message)
}

fn small(random: &mut Random, key: EdwardsPoint, nonce: EdwardsPoint, response: Scalar) -> Case {
    case(key, nonce, response, random.next().to_be_bytes().to_vec())
}

fn ordinary(random: &mut Random) -> Case {
    mixed(random, B * Scalar::ZERO, B * Scalar::ZERO, None)
}

fn case(key: EdwardsPoint, nonce: EdwardsPoint, response: Scalar, message: Vec<u8>) -> Case {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(nonce.compress().as_bytes());
    signature[32..].copy_from_slice(response.as_bytes());
    Case { name: String::new(), key: key.compress().0, signature, message }
}

fn challenge(nonce: &EdwardsPoint, key: &EdwardsPoint, message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(nonce.compress().0).chain_update(key.compress().0).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

fn scalar(random: &mut Random) -> Scalar {
    let mut bytes = [0; 32];
    bytes.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&random.next().to_le_bytes()));
    Scalar::from_bytes_mod_order(bytes)
}

/// Adds the group's order so many times; false if that is too large for 32 bytes.
fn add_order(response: &mut [u8], times: u16) -> bool {
    let order = {
        let mut bytes = (-Scalar::ONE).to_bytes();
        bytes[0] += 1;
        bytes
    };
    let mut carry = 0;
    for (byte, part) in response.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(part) * times + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    carry == 0
}
