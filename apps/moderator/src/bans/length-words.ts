import { editDistance } from '../text/edit-distance.ts';

/** The words of a text that is laid out in lines. */
export const wordList = (list: string): readonly string[] => list.trim().split(/\s+/);

const NUMBERS = wordList(`
  zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
  eighteen nineteen twenty thirty forty fourty fifty sixty seventy eighty ninety hundred thousand half quarter couple few
  several dozen`);
const UNITS = wordList(`
  sec secs second seconds min mins minute minutes hr hrs hour hours hourly day days daily week weeks wk wks weekly weekend
  weekends fortnight fortnights month months mo mos monthly year years yr yrs yearly decade decades century quarters
  semester semesters season seasons term terms break finals shift shifts night nights nite nites moment moments bit while
  awhile h hs mth mths wknd wknds`);
const TIMES = wordList(`
  until untill till til tomorrow tomorow tommorow tommorrow tmrw tmr tmw today tonight tonite morning afternoon evening
  noon midday midnight sunrise sunset temporary temporarily temp tempban tempbanned briefly soon later rest
  eod eow eom eoy every each per longer shorter nightly fortnightly once twice thrice double triple
  monday mon tuesday tue tues wednesday wed weds thursday thu thur thurs friday fri saturday sat sunday sun
  january jan february feb march mar april apr may june jun july jul august aug september sep sept october oct november nov
  december dec`);

/** Those of the languages that are heard most, without their accents; words in other letters than Latin all count. */
const FOREIGN = wordList(`
  hora horas dia dias semana semanas mes meses minuto minutos ano anos manana hoy hasta siempre
  heure heures jour jours journee semaine semaines mois annee annees demain jusqu jusque toujours
  stunde stunden tag tage tagen woche wochen monat monate jahr jahre minuten morgen heute bis immer
  ora ore giorno giorni settimana settimane mese mesi domani`);

const LENGTH_WORDS: ReadonlySet<string> = new Set([...NUMBERS, ...UNITS, ...TIMES, ...FOREIGN]);
/** "onehour", "halfday". */
const GLUED = new RegExp(`^(?:${NUMBERS.join('|')}|an?)(?:${UNITS.join('|')})$`);
/** A slip of the finger in a long one is no other English word. */
const LONG_WORDS = [...LENGTH_WORDS].filter((word) => word.length >= 6);
const UNIT_WORDS = ['hour', 'hours', 'week', 'weeks', 'month', 'months', 'year', 'years'];

/** Words in lower case, with their places. */
export interface Word {
  readonly text: string;
  readonly index: number;
}

export function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(/[\p{L}\p{N}\p{M}]+/gu), (match) => ({
    text: match[0].toLowerCase(),
    index: match.index,
  }));
}

/**
 * Whether a word could be said of a length of time, or of its end: with a digit or a letter that is not Latin, a number, a
 * unit, a day, a month.
 */
export function couldBeLength(word: string): boolean {
  if (!/^[\p{Script=Latin}\p{M}]*$/u.test(word)) return true;
  if (LENGTH_WORDS.has(word.normalize('NFD').replace(/\p{M}/gu, '')) || GLUED.test(word)) return true;
  return word.length >= 6 && word.length <= 12 && LONG_WORDS.some((known) => editDistance(word, known) <= 1);
}

/** Whether some word of the text could be a length. After "a", "an" and "one" a misspelt unit counts, too. */
export function holdsLengthWord(text: string): boolean {
  const all = wordsOf(text);
  return all.some(
    ({ text: word }, at) =>
      couldBeLength(word) ||
      (/^an?$/.test(all[at - 1]?.text ?? '') &&
        word.length >= 3 &&
        word.length <= 8 &&
        UNIT_WORDS.some((unit) => editDistance(word, unit) <= 1)),
  );
}
