/** Whether a topic exchange would route `routingKey` to a queue that is bound with `pattern`. */
export function matchesKey(pattern: string, routingKey: string): boolean {
  return matchesWords(pattern.split('.'), routingKey.split('.'));
}

function matchesWords([first, ...rest]: readonly string[], words: readonly string[]): boolean {
  if (first === undefined) return words.length === 0;
  if (first === '#')
    return words.some((_, index) => matchesWords(rest, words.slice(index))) || matchesWords(rest, []);
  return words.length > 0 && (first === '*' || first === words[0]) && matchesWords(rest, words.slice(1));
}
