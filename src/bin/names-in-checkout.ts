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

const NAMES =
  "(In this checkout pad COMMAND is typed npm run -s pad -- COMMAND, padserve serve is npm start, and padserve COMMAND is npm run -s pad -- COMMAND, too.)";
