import { readFileSync } from "node:fs";

/** The classic cipher suite's vectors, which two independent implementations agree on. */
export interface Vectors {
  readonly aes_256_key_hex: string;
  readonly client_private_key_hex: string;
  readonly client_public_key_hex: string;
  readonly server_private_key_hex: string;
  readonly server_public_key_hex: string;
  readonly ecdh_shared_x_hex: string;
  readonly broadcast: readonly { plaintext_utf8: string; iv_hex: string; payload_hex: string }[];
  readonly direct: readonly { plaintext_utf8: string; key_hex: string; payload: string }[];
}

export const vectors: Vectors = JSON.parse(readFileSync(new URL("../vectors/classic.json", import.meta.url), "utf8"));
