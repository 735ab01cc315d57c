/**
 * What the system before this one did, observed case by case on a real broker: what a producer put in, which
 * requests GroupMe got, what went out on the exchange, and what the producer was told. Left out are the cases
 * that show a defect, and of images the raw bytes, which no longer travel through the broker.
 */
export interface GoldenCase {
  readonly name: string;
  readonly what: string;
  readonly key: string;
  readonly body: unknown;
  readonly alreadySent?: boolean;
  /** Set when the producer asked for a reply. */
  readonly correlationId?: string;
  /** What GroupMe answers instead of 202. */
  readonly fault?: { readonly status: number };
  readonly requests: readonly {
    readonly path: string;
    readonly contentType?: string;
    readonly body?: unknown;
  }[];
  readonly events: readonly { readonly key: string; readonly body: Readonly<Record<string, unknown>> }[];
  readonly acknowledged: readonly unknown[];
  readonly replies: readonly { readonly correlationId: string; readonly body: unknown }[];
}

/** Where the image of a case is, and where GroupMe put it: both differ from run to run. */
export const MEDIA_URL = 'media-url';
export const PICTURE_URL = 'picture-url';

export const BOT_ID = 'testbot123';
export const ACCESS_TOKEN = 'testtoken456';

/** A PNG of one pixel. */
export const ONE_PIXEL_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
);

export const goldenCases: readonly GoldenCase[] = [
  {
    name: 'alreadysent-body',
    what: 'alreadysent with body: log only',
    key: 'source.standard.test',
    body: {
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      body: 'Sent by the producer itself',
      text: 'Sent by the producer itself',
      statuscode: 202,
      bot_id: 'otherbot',
      source: 'standard',
      timestamp: '2025-01-01T00:00:00+00:00',
      type: 'test',
    },
    alreadySent: true,
    requests: [],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
          body: 'Sent by the producer itself',
          text: 'Sent by the producer itself',
          statuscode: 202,
          bot_id: 'otherbot',
          source: 'standard',
          timestamp: '2025-01-01T00:00:00+00:00',
          type: 'log',
          code: 202,
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'alreadysent-reply',
    what: 'alreadysent with reply_to',
    key: 'source.standard.test',
    body: {
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      body: 'Sent',
      statuscode: 202,
      source: 'standard',
    },
    alreadySent: true,
    correlationId: 'corr-2',
    requests: [],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
          body: 'Sent',
          statuscode: 202,
          source: 'standard',
          bot_id: BOT_ID,
          code: 202,
          type: 'log',
        },
      },
    ],
    acknowledged: [],
    replies: [
      {
        correlationId: 'corr-2',
        body: {
          status: 'success',
          message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
  },
  {
    name: 'alreadysent-unsanitized',
    what: 'alreadysent body is not sanitised',
    key: 'source.standard.test',
    body: {
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      body: 'nbsp cr\r\nbell\u0007',
      statuscode: 202,
      source: 'standard',
    },
    alreadySent: true,
    requests: [],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
          body: 'nbsp cr\r\nbell\u0007',
          statuscode: 202,
          source: 'standard',
          bot_id: BOT_ID,
          code: 202,
          type: 'log',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'gm-200',
    what: 'GroupMe answers 200',
    key: 'source.standard',
    body: {
      body: 'post answered 200',
      source: 'standard',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    },
    fault: {
      status: 200,
    },
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"post answered 200"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"post answered 200"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 200,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'send-ok-images',
    what: '/send ok with images and uid',
    key: 'source.standard',
    body: {
      body: 'Pictures',
      source: 'standard',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      images: [MEDIA_URL],
    },
    requests: [
      {
        path: '/pictures',
        contentType: 'image/png',
      },
      {
        path: '/v3/bots/post',
        body: {
          text: '"Pictures"\n---UID---\n0a1b2c3d\n1 media item attached\n---------',
          bot_id: BOT_ID,
        },
      },
      {
        path: '/v3/bots/post',
        body: {
          picture_url: PICTURE_URL,
          text: '',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.img',
        body: {
          bot_id: BOT_ID,
          text: '',
          source: 'standard',
          code: 200,
          type: 'img',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
      {
        key: 'source.groupme.msg',
        body: {
          text: '"Pictures"\n---UID---\n0a1b2c3d\n1 media item attached\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
      {
        key: 'source.groupme.msg',
        body: {
          picture_url: PICTURE_URL,
          text: '',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'send-ok-uid',
    what: '/send ok with uid',
    key: 'source.standard',
    body: {
      body: 'Hello via HTTP',
      source: 'standard',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    },
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"Hello via HTTP"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"Hello via HTTP"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'send-ok',
    what: '/send ok, no uid',
    key: 'source.standard',
    body: {
      body: 'Hello via HTTP',
      source: 'standard',
      wbor_message_id: 'ec8d6af9-743a-4f8b-b2d1-fb8164f6f652',
    },
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"Hello via HTTP"\n---UID---\nec8d6af9\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"Hello via HTTP"\n---UID---\nec8d6af9\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: 'ec8d6af9-743a-4f8b-b2d1-fb8164f6f652',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'std-1-image',
    what: 'text + 1 image',
    key: 'source.standard',
    body: {
      body: 'Studio camera',
      source: 'standard',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      images: [MEDIA_URL],
    },
    requests: [
      {
        path: '/pictures',
        contentType: 'image/png',
      },
      {
        path: '/v3/bots/post',
        body: {
          text: '"Studio camera"\n---UID---\n0a1b2c3d\n1 media item attached\n---------',
          bot_id: BOT_ID,
        },
      },
      {
        path: '/v3/bots/post',
        body: {
          picture_url: PICTURE_URL,
          text: '',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.img',
        body: {
          bot_id: BOT_ID,
          text: '',
          source: 'standard',
          code: 200,
          type: 'img',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
      {
        key: 'source.groupme.msg',
        body: {
          text: '"Studio camera"\n---UID---\n0a1b2c3d\n1 media item attached\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
      {
        key: 'source.groupme.msg',
        body: {
          picture_url: PICTURE_URL,
          text: '',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'std-quotes-newlines',
    what: 'quotes, newlines, backslash, tab',
    key: 'source.standard',
    body: {
      body: 'He said "hi"\nline 2\tTab \\ back',
      source: 'standard',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    },
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"He said "hi"\nline 2\tTab \\ back"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"He said "hi"\nline 2\tTab \\ back"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'std-reply-to',
    what: 'producer-style reply_to + correlation_id',
    key: 'source.standard.test',
    body: {
      body: 'with reply',
      source: 'standard',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      type: 'test',
    },
    correlationId: 'corr-1',
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"with reply"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"with reply"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [],
    replies: [
      {
        correlationId: 'corr-1',
        body: {
          status: 'success',
          message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
  },
  {
    name: 'std-short',
    what: 'standard short text',
    key: 'source.standard',
    body: {
      body: 'UPS on battery power',
      source: 'standard',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    },
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"UPS on battery power"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"UPS on battery power"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'std-subkey',
    what: 'standard with a subkey and type in the body',
    key: 'source.standard.ups.alert',
    body: {
      body: 'Power restored',
      source: 'ups',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      type: 'ups.alert',
    },
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"Power restored"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"Power restored"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
          source: 'ups',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'std-uid-without-dash',
    what: 'uid with no dash is shown in full',
    key: 'source.standard',
    body: {
      body: 'short id',
      source: 'standard',
      wbor_message_id: 'plainid',
    },
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"short id"\n---UID---\nplainid\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"short id"\n---UID---\nplainid\n---------',
          bot_id: BOT_ID,
          source: 'standard',
          code: 202,
          type: 'log',
          wbor_message_id: 'plainid',
        },
      },
    ],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'tw-1-image',
    what: 'twilio text + 1 image',
    key: 'source.twilio.sms.incoming',
    body: {
      ToCountry: 'US',
      ToState: 'ME',
      SmsMessageSid: 'SM00000000000000000000000000000001',
      NumMedia: '1',
      ToCity: 'BRUNSWICK',
      FromZip: '04011',
      SmsSid: 'SM00000000000000000000000000000001',
      FromState: 'ME',
      SmsStatus: 'received',
      FromCity: 'BRUNSWICK',
      Body: 'Hello DJ, please play some jazz',
      FromCountry: 'US',
      To: '+12077253250',
      ToZip: '04011',
      NumSegments: '1',
      MessageSid: 'SM00000000000000000000000000000001',
      AccountSid: 'AC00000000000000000000000000000001',
      From: '+12075550123',
      ApiVersion: '2010-04-01',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      SenderName: 'JANE DOE',
      source: 'twilio',
      type: 'sms.incoming',
      MediaUrl0: MEDIA_URL,
      MediaContentType0: 'image/png',
    },
    requests: [
      {
        path: '/pictures',
        contentType: 'image/png',
      },
      {
        path: '/v3/bots/post',
        body: {
          text: '"Hello DJ, please play some jazz"\n---UID---\n0a1b2c3d\n1 media item attached\n---------',
          bot_id: BOT_ID,
        },
      },
      {
        path: '/v3/bots/post',
        body: {
          picture_url: PICTURE_URL,
          text: '',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.img',
        body: {
          bot_id: BOT_ID,
          text: '',
          source: 'twilio',
          code: 200,
          type: 'img',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
      {
        key: 'source.groupme.msg',
        body: {
          text: '"Hello DJ, please play some jazz"\n---UID---\n0a1b2c3d\n1 media item attached\n---------',
          bot_id: BOT_ID,
          source: 'twilio',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
      {
        key: 'source.groupme.msg',
        body: {
          picture_url: PICTURE_URL,
          text: '',
          bot_id: BOT_ID,
          source: 'twilio',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [
      {
        wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      },
    ],
    replies: [],
  },
  {
    name: 'tw-call-events',
    what: 'blocked key source.twilio.call-events',
    key: 'source.twilio.call-events',
    body: {
      CallSid: 'CA1',
      type: 'call-events',
    },
    requests: [],
    events: [],
    acknowledged: [],
    replies: [],
  },
  {
    name: 'tw-image-only-1',
    what: 'twilio image only (1)',
    key: 'source.twilio.sms.incoming',
    body: {
      ToCountry: 'US',
      ToState: 'ME',
      SmsMessageSid: 'SM00000000000000000000000000000001',
      NumMedia: '1',
      ToCity: 'BRUNSWICK',
      FromZip: '04011',
      SmsSid: 'SM00000000000000000000000000000001',
      FromState: 'ME',
      SmsStatus: 'received',
      FromCity: 'BRUNSWICK',
      Body: '',
      FromCountry: 'US',
      To: '+12077253250',
      ToZip: '04011',
      NumSegments: '1',
      MessageSid: 'SM00000000000000000000000000000001',
      AccountSid: 'AC00000000000000000000000000000001',
      From: '+12075550123',
      ApiVersion: '2010-04-01',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      SenderName: 'JANE DOE',
      source: 'twilio',
      type: 'sms.incoming',
      MediaUrl0: MEDIA_URL,
      MediaContentType0: 'image/png',
    },
    requests: [
      {
        path: '/pictures',
        contentType: 'image/png',
      },
      {
        path: '/v3/bots/post',
        body: {
          picture_url: PICTURE_URL,
          text: '',
          bot_id: BOT_ID,
        },
      },
      {
        path: '/v3/bots/post',
        body: {
          text: '---------\nNo body text; 1 image sent!\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.img',
        body: {
          bot_id: BOT_ID,
          text: '',
          source: 'twilio',
          code: 200,
          type: 'img',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
      {
        key: 'source.groupme.msg',
        body: {
          picture_url: PICTURE_URL,
          text: '',
          bot_id: BOT_ID,
          source: 'twilio',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
      {
        key: 'source.groupme.msg',
        body: {
          text: '---------\nNo body text; 1 image sent!\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
          source: 'twilio',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [
      {
        wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      },
    ],
    replies: [],
  },
  {
    name: 'tw-short',
    what: 'twilio short text',
    key: 'source.twilio.sms.incoming',
    body: {
      ToCountry: 'US',
      ToState: 'ME',
      SmsMessageSid: 'SM00000000000000000000000000000001',
      NumMedia: '0',
      ToCity: 'BRUNSWICK',
      FromZip: '04011',
      SmsSid: 'SM00000000000000000000000000000001',
      FromState: 'ME',
      SmsStatus: 'received',
      FromCity: 'BRUNSWICK',
      Body: 'Hello DJ, please play some jazz',
      FromCountry: 'US',
      To: '+12077253250',
      ToZip: '04011',
      NumSegments: '1',
      MessageSid: 'SM00000000000000000000000000000001',
      AccountSid: 'AC00000000000000000000000000000001',
      From: '+12075550123',
      ApiVersion: '2010-04-01',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      SenderName: 'JANE DOE',
      source: 'twilio',
      type: 'sms.incoming',
    },
    requests: [
      {
        path: '/v3/bots/post',
        body: {
          text: '"Hello DJ, please play some jazz"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
        },
      },
    ],
    events: [
      {
        key: 'source.groupme.msg',
        body: {
          text: '"Hello DJ, please play some jazz"\n---UID---\n0a1b2c3d\n---------',
          bot_id: BOT_ID,
          source: 'twilio',
          code: 202,
          type: 'log',
          wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
        },
      },
    ],
    acknowledged: [
      {
        wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
      },
    ],
    replies: [],
  },
];
