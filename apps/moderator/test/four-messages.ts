import { createTestBed, type TestBed } from './test-bed.ts';

export const ANN = '+12075550101';
export const BOB = '+12075550202';
export const ID = {
  ann: '0a1b2c3d-1111-4222-8333-444455556666',
  annAgain: '0a1b2c3e-1111-4222-8333-444455556666',
  bob: '0a1bffff-1111-4222-8333-444455556666',
  ups: 'beef0001-1111-4222-8333-444455556666',
};

/** A moderator that runs, and four messages: two of Ann's, one of Bob's, whose name is his number, one without a sender. */
export async function launchWithFourMessages(): Promise<TestBed> {
  const bed = await createTestBed();
  await bed.addPost(ID.ann, { sender: ANN, sender_name: 'ANN' });
  await bed.addPost(ID.annAgain, { sender: ANN, sender_name: 'ANN' });
  await bed.addPost(ID.bob, { sender: BOB, sender_name: BOB });
  await bed.addPost(ID.ups, { source: 'ups' });
  await bed.launch();
  return bed;
}
