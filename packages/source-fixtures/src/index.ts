export { chatPattern } from './chat-pattern.ts';
export { demoGatewaySettings } from './demo-settings.ts';
export { type AmqpSend, type HttpSend, isAmqp, readFixtures, type SourceFixture } from './fixture.ts';
export { type FixtureSender, type FixtureTarget, openFixtureSender } from './send-fixture.ts';
