import { MAX_POST_LENGTH } from './limits.ts';
import { splitText } from './split-text.ts';

/**
 * Splits a body so that every post fits: at most `characterLimit` UTF-16 units of it per post, and at most
 * {@link MAX_POST_LENGTH} with everything around it. Several posts are labelled `(1/3):`; only the last one
 * has the footer. A blank body makes no post.
 */
export function frameParts(
  body: string,
  frame: { quote: string; footer: string; characterLimit: number },
): string[] {
  // Room for the footer is kept free in every post, since which is the last is known only after splitting.
  const room = MAX_POST_LENGTH - 2 * frame.quote.length - frame.footer.length;

  // The width of the labels depends on the number of posts, which depends on the room that labels leave.
  for (let digits = 0; ; digits += 1) {
    const labelLength = digits === 0 ? 0 : labelOf(0, 0).length - 2 + 2 * digits;
    const texts = splitText(body, { maxLength: Math.min(frame.characterLimit, room - labelLength) });
    if (digits === 0 ? texts.length > 1 : String(texts.length).length > digits) continue;
    return texts.map((text, index) => {
      const label = texts.length > 1 ? labelOf(index + 1, texts.length) : '';
      const footer = index === texts.length - 1 ? frame.footer : '';
      return `${label}${frame.quote}${text}${frame.quote}${footer}`;
    });
  }
}

function labelOf(part: number, parts: number): string {
  return `(${part}/${parts}):\n`;
}
