"""Labels from people: rows worth reading out to Label Studio or a spreadsheet, corrected labels back to corpus rows."""
