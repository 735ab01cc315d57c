import { z } from 'zod';
import { attachmentsField } from './groupme-events.ts';
import { addressesOf } from './image-list.ts';
import { lenient, nameOf, withoutBlank, wordsOf } from './lenient.ts';

/**
 * The body of GroupMe's `POST /v3/bots/post`, as scripts send it. GroupMe itself is lenient about it, so nothing but the
 * bot and a text or a picture is asked for.
 */
export const botPostSchema = z.looseObject({
  bot_id: lenient({
    strict: z.string().nullish(),
    read: nameOf,
    finish: withoutBlank,
    description: "The bot that posts. At the gateway: a source's token.",
  }),
  text: lenient({
    strict: z.string().nullish(),
    read: wordsOf,
    finish: withoutBlank,
    description: 'The text for the chat. May be missing when there is a picture.',
  }),
  picture_url: lenient({
    strict: z.string().nullish(),
    read: (value) => addressesOf(value).find((address) => address !== ''),
    finish: withoutBlank,
    description: 'Address of a picture.',
  }),
  attachments: attachmentsField.describe('Those of the type `image` are attached by their `url`.'),
});
export type BotPost = z.infer<typeof botPostSchema>;
