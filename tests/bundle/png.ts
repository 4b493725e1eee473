// A small picture, drawn here so that tests need no file: sky, a hill and a sun.

import { crc32, deflateSync } from 'node:zlib'

/** A PNG of 8-bit RGB. */
export function drawPng(width: number, height: number): Uint8Array {
  const rows = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows.set(colourAt(x / width, y / height), y * (1 + width * 3) + 1 + x * 3)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function colourAt(x: number, y: number): [number, number, number] {
  const hill = 0.72 - 0.16 * Math.sin(x * 4 + 0.6)
  if (y > hill) return [54 + 60 * (y - hill), 74 + 90 * (y - hill), 62]
  if (Math.hypot((x - 0.7) * 1.6, y - 0.35) < 0.09) return [250, 232, 190]
  return [150 + 80 * y, 178 + 40 * y, 205 - 10 * y]
}

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(content.byteLength, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
