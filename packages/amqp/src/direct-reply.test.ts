import { describe, expect, it } from 'vitest';
import { directReplyNode, isDirectReply } from './direct-reply.ts';

const KEY = 'JpUU2D+v59pTPsE75Gmx9w==';
const NUMBERS = Buffer.from('000002b5000000006b0715c0', 'hex');

/** An address as the broker makes it, or nearly. */
function address({ node = 'reply@2400292', tag = 118, numbers = NUMBERS, start = [131, 88], key = KEY }) {
  const length = tag === 119 ? [node.length] : [0, node.length];
  const pid = Buffer.concat([Buffer.from([...start, tag, ...length]), Buffer.from(node), numbers]);
  return `amq.rabbitmq.reply-to.${pid.toString('base64')}.${key}`;
}

describe('directReplyNode', () => {
  it('reads the node of an address that RabbitMQ 3.10 or 4.0 has made', () => {
    const real = 'amq.rabbitmq.reply-to.g1h2AA1yZXBseUAyNDAwMjkyAAACtQAAAABrBxXA.JpUU2D+v59pTPsE75Gmx9w==';
    expect(directReplyNode(real)).toBe('reply@2400292');
    expect(
      directReplyNode(
        'amq.rabbitmq.reply-to.g1h2AA1yZXBseUAyNDAwMjkyAAACawAAAABrBxYl.qIGtbVu5CDpzsjnuoicwJw',
      ),
    ).toBe('reply@2400292');
    expect(directReplyNode(address({ tag: 119 }))).toBe('reply@2400292');
    expect(directReplyNode(address({ tag: 100 }))).toBe('reply@2400292');
  });

  it.each([
    ['nothing', 'amq.rabbitmq.reply-to'],
    ['an end', 'amq.rabbitmq.reply-to.'],
    ['junk', 'amq.rabbitmq.reply-to.junk'],
    ['two words', 'amq.rabbitmq.reply-to.junk.junk'],
    ['no process', `amq.rabbitmq.reply-to.${Buffer.from('hello').toString('base64')}.${KEY}`],
    ['a version of the format that is none', address({ start: [130, 88] })],
    ['a term that is no process', address({ start: [131, 80] })],
    ['an atom of another kind', address({ tag: 115 })],
    ['a node of another name', address({ node: 'rabbit@nowhere' })],
    ['a node without a number', address({ node: 'reply@' })],
    ['a node of a number that is none', address({ node: 'reply@-5' })],
    ['a node of a number that is too long', address({ node: `reply@${'9'.repeat(20)}` })],
    ['too few numbers', address({ numbers: NUMBERS.subarray(4) })],
    ['too many numbers', address({ numbers: Buffer.concat([NUMBERS, NUMBERS]) })],
    ['no key', address({ key: '' })],
    ['a key that is none', address({ key: '%%%' })],
    ['something behind', `${address({})}.x`],
    ['other letters', address({}).toUpperCase()],
    ['a line break', `${address({})}\n`],
  ])('knows that no broker has made one with %s', (_what, replyTo) => {
    expect(directReplyNode(replyTo)).toBeUndefined();
  });

  it('is asked for whatever the broker would take for direct reply-to', () => {
    expect(isDirectReply('amq.rabbitmq.reply-to.junk')).toBe(true);
    expect(isDirectReply('amq.gen-JzTY20BRgKO-HjmUJj0wLg')).toBe(false);
  });
});
