/**
 * How commands are typed where `npm start` and `npm run pad` run them, in a checkout: messages name them as an installed package has them. In one
 * line; null: they are typed so.
 */
export function checkoutNames(env: Readonly<Record<string, string | undefined>>): string | null {
  // Somebody else's package may have a script of that name that runs this one.
  if (env["npm_package_name"] !== "padserve") return null;
  const script = env["npm_lifecycle_event"];
  return script === "pad" || script === "start" ? NAMES : null;
}

/**
 * Whether a text tells which command to run, as far as a person would type it; the name before a complaint is what they have typed.
 * @param text what was written on standard error, whole lines
 */
export function namesCommand(text: string): boolean {
  return text
    .split("\n")
    .some((line) => /\bpad(?:serve)? [a-z]/.test(line.replace(/^pad(?:serve)?(?: [a-z]+)?: /, "")));
}

/** The last of what a stream has been told, in UTF-16 units, is remembered from now on. */
export function listenTo(stream: NodeJS.WritableStream, most = 64 * 1024): () => string {
  let text = "";
  stream.write = new Proxy(stream.write.bind(stream), {
    apply(write, _stream, args: Parameters<typeof stream.write>): boolean {
      text = (text + args[0]).slice(-most);
      return write(...args);
    },
  });
  return () => text;
}

const NAMES =
  "(In this checkout pad COMMAND is typed npm run -s pad -- COMMAND, padserve serve is npm start, and padserve COMMAND is npm run -s pad -- COMMAND, too.)";
