import { wordList, wordsOf } from './length-words.ts';

/** What people say of a listener, and no part of a length in any of its forms. */
const REASONS = new Set(
  wordList(`
    spam spams spammed spammer spammers spamming scam scams scammed scammer scamming fraud phishing junk nonsense garbage
    ad ads advert adverts advertising advertisement advertisements bot bots fake unwanted
    abuse abuses abused abuser abusing abusive harass harasses harassed harasser harassing harassment bully bullying bullied
    hate hateful hatred racism racist racial sexism sexist sexual homophobic transphobic bigot bigotry slur slurs
    threat threats threaten threatens threatened threatening violence violent creep creepy stalker stalking stalked
    troll trolls trolled trolling prank pranks pranked pranking prankster insult insults insulted insulting
    swear swears swearing swore curse cursing cursed profane profanity vulgar vulgarity obscene obscenity lewd porn nude nudes
    rude rudeness nasty toxic gross annoying annoyed disrespect disrespectful offensive offending offended inappropriate
    behavior behaviour language words word content comment comments
    text texts texted texting message messages messaged messaging picture pictures photo photos image images link links
    call calls called caller calling listener sender person people host hosts dj djs staff station radio
    me us him her them everyone everybody again please pls thanks`),
);
/** What holds such words together; at the end of a text it would belong to something that is not there. */
const BETWEEN = new Set(
  wordList(`
    a an and the his her their our of to at with for from by he she it they who is was are were being been be has
    keep keeps kept keeping send sends sent sending said says saying so too very really just repeated repeatedly constantly`),
);

/** Not everybody types a question mark. */
const QUESTION = /^\P{L}*(?:is|are|was|were|has)\s+(?:he|she|it|they)(?!\p{L})/iu;

export const plainWords: readonly string[] = [...REASONS, ...BETWEEN];

/**
 * Whether a text is a reason in words and surely no length: such words only, and nothing that asks or counts. A list of
 * what is known to be none, since nobody can list all that people, their phones and other languages call a time.
 */
export function isPlainReason(text: string): boolean {
  const last = wordsOf(text).at(-1)?.text;
  return isPlain(text) && !QUESTION.test(text) && (last === undefined || REASONS.has(last));
}

/** The same for a text that goes on, and may be empty. */
export function isPlain(text: string): boolean {
  return (
    /^[\p{L}\s\p{P}]*$/u.test(text) &&
    !/[?¿]/.test(text) &&
    wordsOf(text).every((word) => REASONS.has(word.text) || BETWEEN.has(word.text))
  );
}
