/**
 * GroupMe's limit on a post. Its unit is documented nowhere; UTF-16 units are never fewer than code points,
 * which is the other plausible reading.
 */
export const MAX_POST_LENGTH = 1000;

/** How much body text a post holds, in UTF-16 units, unless the configuration says otherwise. The rest is for label and footer. */
export const DEFAULT_CHARACTER_LIMIT = 900;
