import type { MessageRef } from "../content/content.ts";
import { toBytes, toText } from "../delivery/base64url.ts";

/** 16 bytes in base64url. */
const ID = /^[A-Za-z0-9_-]{22}$/;

/** What faces call a message: of this device the random id alone, since whoever writes knows it beforehand; of others their device too. */
export function idOfMessage({ device, messageId }: MessageRef, ownDevice: string): string {
  const [id, by] = [toText(messageId), toText(device)];
  return by === ownDevice ? id : `${id}.${by}`;
}

/** The message that a face calls so; null: it can be none. */
export function messageOfId(id: string, ownDevice: string): MessageRef | null {
  const [messageId = "", device = ownDevice, ...more] = id.split(".");
  if (!ID.test(messageId) || !ID.test(device) || more.length > 0) return null;
  return { messageId: toBytes(messageId), device: toBytes(device) };
}
