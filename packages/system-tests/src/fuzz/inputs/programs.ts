import { createHmac } from 'node:crypto';
import { azuracastMessage, endecMessage, twilioSmsMessage } from '@wbor/contracts';

// The calls of other programs, each as it shows who it is.

export const FUZZ_SOURCES = ['azuracast', 'endec', 'script'] as const;
type FuzzSource = (typeof FUZZ_SOURCES)[number];

/** By what programs show who they are. */
export interface Programs {
  /** A token of each of these sources. */
  readonly tokens: Readonly<Record<FuzzSource, string>>;
  /** What Twilio's calls are signed with, over this address and the path. */
  readonly twilio: { readonly authToken: string; readonly publicUrl: string };
}

export interface Call {
  readonly path: string;
  readonly fields: object;
  /** Default: the password, mostly. */
  readonly credentials?: string[];
  /** Sent as a form, which Twilio signs. */
  readonly isForm?: boolean;
  /** Default: POST. */
  readonly method?: string;
  /** The field whose words are for the chat; see {@link isSaid}. */
  readonly says?: string;
}

/** What the gateway's hooks and its GroupMe take, each as its program shows who it is. */
export function callsOfPrograms({ tokens }: Programs, token: string): readonly Call[] {
  const { azuracast, endec, script } = tokens;
  const basic = Buffer.from(`azuracast:${azuracast}`).toString('base64');
  const { NumMedia: _count, MediaUrl0: _url, ...sms } = twilioSmsMessage.example;
  const { raw_header = '', ...header } = endecMessage.example.eas_data ?? {};
  const post = {
    fields: { bot_id: script, text: `${token} by a script`, attachments: [{ type: 'location', lat: '1' }] },
    says: 'text',
  };
  return [
    { path: '/bots/post', ...post },
    { path: '/v3/bots/post', ...post },
    {
      path: '/hooks/azuracast',
      fields: { ...azuracastMessage.example.now_playing },
      credentials: [`Authorization: Basic ${basic}`],
    },
    {
      path: `/hooks/endec/${endec}`,
      fields: {
        message_text: `${token} is a test`,
        eas_data: { ...header, raw_header: `${raw_header}${token}-` },
      },
      says: 'message_text',
    },
    {
      path: '/hooks/twilio/sms',
      fields: { ...sms, MessageSid: `SM${token}`, Body: `${token} by Twilio` },
      isForm: true,
      says: 'Body',
    },
    {
      path: `/hooks/uptime-kuma?token=${script}`,
      fields: { msg: `${token} is down`, monitor: { name: 'stream' }, heartbeat: { status: 0 } },
      says: 'msg',
    },
    {
      path: '/hooks/grafana',
      fields: {
        title: `${token} is firing`,
        alerts: [{ status: 'firing', labels: { alertname: 'silence' }, annotations: {} }],
      },
      credentials: [`Authorization: Bearer ${script}`],
      says: 'title',
    },
  ];
}

/** Undefined where a change left no fields, or some that cannot be written. */
export function formOf(json: string): URLSearchParams | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null) return undefined;
    const form = new URLSearchParams();
    for (const [name, field] of Object.entries(value)) {
      form.append(name, typeof field === 'string' ? field : String(JSON.stringify(field)));
    }
    return form;
  } catch {
    return undefined;
  }
}

export function signatureOf(form: URLSearchParams, path: string, { twilio }: Programs): string {
  const fields = [...form].sort(([a], [b]) => (a < b ? -1 : 1)).map((field) => field.join(''));
  const hmac = createHmac('sha1', twilio.authToken).update(`${twilio.publicUrl}${path}${fields.join('')}`);
  return hmac.digest('base64');
}

/**
 * Whether the words for the chat still hold the token, so that it must be found once the call was taken. An alert whose header
 * does not hold it may be the same as one before it.
 */
export function isSaid(says: string | undefined, json: string, token: string): boolean {
  if (says === undefined) return false;
  try {
    const { [says]: words, eas_data: header } = JSON.parse(json) as Record<string, unknown>;
    const isAlone = header === undefined || JSON.stringify(header).includes(token);
    return typeof words === 'string' && words.includes(token) && isAlone;
  } catch {
    return false;
  }
}
