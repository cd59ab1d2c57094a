/** Of enum bpf_func_id (include/uapi/linux/bpf.h) those whose calls say something about an object. */
export const HELPER = {
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  tracePrintk: 6,
  perfEventOutput: 25,
  getStackId: 27,
  skbOutput: 111,
  xdpOutput: 121,
  ringbufOutput: 130,
  ringbufReserve: 131,
  tracePrintkV: 177,
} as const;
