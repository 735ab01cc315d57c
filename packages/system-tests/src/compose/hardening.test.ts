import { describe, expect, it } from 'vitest';
import { findWeaknesses } from './hardening.ts';

describe('findWeaknesses', () => {
  it('finds none in a container that is shut off', () => {
    const host = {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: 1,
      PidsLimit: 1,
    };
    expect(findWeaknesses({ HostConfig: host }, 1000)).toEqual([]);
  });

  it('finds all of them in one as Docker makes it by itself', () => {
    const host = { ReadonlyRootfs: false, CapDrop: null, SecurityOpt: null, Memory: 0, PidsLimit: null };
    expect(findWeaknesses({ HostConfig: host }, 0)).toEqual([
      'runs as root',
      'can write to its root file system',
      'keeps capabilities',
      'may gain privileges',
      'has no memory limit',
      'has no limit of processes',
    ]);
  });
});
