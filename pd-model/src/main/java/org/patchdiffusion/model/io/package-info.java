/**
 * Model files and arrays on disk: safetensors, NumPy, PyTorch state dicts and the official snapshots.
 *
 * <p>Every reader treats its file as untrusted: sizes are checked against the bytes that are really there before
 * memory is set aside, nothing that a file names is ever constructed or run, and whatever is wrong ends as an
 * {@link java.io.IOException} whose message is one sentence that names the file. Every writer replaces its file
 * atomically.
 */
package org.patchdiffusion.model.io;
