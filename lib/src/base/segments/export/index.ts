export { ExportFile, type ExportFileOptions, type ExportJob } from './ExportFile.ts'
export { ExportFolder } from './ExportFolder.ts'
export { type ExportPart, PERIODS, type Period, partsOf } from './parts.ts'
export { EXPORT_FORMATS, type ExportForm, type ExportFormat, exportForm, suffixOf } from './target.ts'
