/** Ids are random bytes, written as base64url without padding; 16 bytes are 22 characters. */

/** 16 random bytes, made with the device key and named in the device's record. */
export type DeviceId = string;
/** 16 random bytes, made by who creates the group. */
export type GroupId = string;
/** 16 random bytes, made by whoever writes the message. */
export type MessageId = string;
/** 16 random bytes, made by who commits: the same request, told again, gets the first answer. */
export type RequestId = string;
/** An Ed25519 public key: 32 bytes, so 43 characters. */
export type PublicKey = string;
