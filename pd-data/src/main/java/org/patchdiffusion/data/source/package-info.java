/** Where images come from: folders and archives as other systems write them, the files in them decoded, their labels. */
package org.patchdiffusion.data.source;
