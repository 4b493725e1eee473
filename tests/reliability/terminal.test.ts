import { describe, expect, it } from 'vitest'
import { hasPty } from './pty.ts'
import { escapeAll, findLeaks } from './terminal.ts'

it.skipIf(!hasPty)(
  'nothing that anybody else wrote acts on a terminal',
  async () => {
    const { failures } = await escapeAll()
    expect(failures).toEqual([])
  },
  120_000,
)

describe('findLeaks', () => {
  it.each(['\u001b[31m', 'a\rb', '\u009b', '\u202e', '\u200b', '\u00ad', '\u{e0041}', '\u2028', 'x\novn: forged'])(
    'finds %j',
    (text) => {
      expect(findLeaks(Buffer.from(text))).not.toEqual([])
    },
  )

  it('lets text, colours and the progress line pass', () => {
    const text = '\r\u001b[2K2 of 3\r\u001b[2K\u001b[1mنامه‌ها 👩‍🚀\u001b[22m\r\n'
    expect(findLeaks(Buffer.from(text), ['2 of 3'])).toEqual([])
  })

  it('finds bytes that are no text, and words that are missing', () => {
    expect(findLeaks(Uint8Array.of(0x9b))).toEqual(['it is not UTF-8'])
    expect(findLeaks(Buffer.from('a'), ['b'])).toHaveLength(1)
  })
})
