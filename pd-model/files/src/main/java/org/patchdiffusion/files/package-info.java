/**
 * Files and folders that are there whole or not at all ({@link org.patchdiffusion.files.AtomicFile},
 * {@link org.patchdiffusion.files.AtomicFolder}), and zip archives as other systems and strangers write them
 * ({@link org.patchdiffusion.files.ZipArchive}). Knows nothing of tensors and images.
 */
package org.patchdiffusion.files;
